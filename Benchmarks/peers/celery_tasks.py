"""A Celery task that does nothing but count."""

import os
import sys

import redis
from celery import Celery

app = Celery("peer", broker=os.environ["PEER_BROKER"])
app.conf.task_ignore_result = True
app.conf.task_acks_late = True
counter = redis.Redis.from_url(os.environ["PEER_BROKER"])


@app.task(name="nothing")
def nothing(number: int) -> None:
    counter.incr("done")


if __name__ == "__main__":
    for number in range(int(sys.argv[2])):
        nothing.delay(number)
