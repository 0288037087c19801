"""A Dramatiq actor that does nothing but count."""

import os
import sys

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker

dramatiq.set_broker(RedisBroker(url=os.environ["PEER_BROKER"]))
counter = redis.Redis.from_url(os.environ["PEER_BROKER"])


@dramatiq.actor(actor_name="nothing", queue_name="default")
def nothing(number: int) -> None:
    counter.incr("done")


if __name__ == "__main__":
    for number in range(int(sys.argv[2])):
        nothing.send(number)
