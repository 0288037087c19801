#!/usr/bin/env bash
# Installs what people would use instead, the Python packages in an environment of their own, and measures it: `make
# bench-peers`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/../../scripts/install-packages.sh" beanstalkd inoticoming redis-server python3 python3-venv
environment=$here/../.build-peers
[ -x "$environment/bin/dramatiq" ] || {
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet 'celery[redis]' 'dramatiq[redis]'
}
exec "$environment/bin/python" "$here/peers.py" "$@"
