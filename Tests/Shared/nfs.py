#!/usr/bin/env python3
"""Plays the drops of shared.py on NFS 4.2: the daemon runs in a virtual machine, because this machine's kernel may have
no NFS client; the server (nfs-ganesha) and the submitters are this machine.

$AGENTSPOOL_PROGRAM names another build than .build/debug/agentspool. Needs root. Exit status 1 when a case is wrong."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import shared
from shared import Spool, Wrong, until

PORT = 20490
SERVER = """\
NFS_CORE_PARAM {{ Protocols = 4; NFS_Port = {port}; Bind_addr = 127.0.0.1; Enable_NLM = false; Enable_RQUOTA = false;
  Enable_UDP = false; mount_path_pseudo = true; }}
NFSv4 {{ Grace_Period = 5; Lease_Lifetime = 10; Graceless = true; RecoveryRoot = "{directory}/run"; Minor_Versions = 1, 2;
  Delegations = false; Only_Numeric_Owners = true; }}
EXPORT {{ Export_Id = 1; Path = {directory}/export; Pseudo = /spool; Access_Type = RW; Squash = None; SecType = sys;
  Transports = TCP; Protocols = 4; Attr_Expiration_Time = 0; FSAL {{ Name = VFS; }} }}
"""
# Runs what appears in .run/ on the export: NAME.start is a spool's name, NAME.stop ends its daemon.
INIT = """\
#!/bin/sh
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
for module in /modules/*; do insmod $module 2>/dev/null; done
ip link set lo up; ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2
hostname vm
mount -t nfs4 -o "vers=4.2,port={port},addr=10.0.2.2,clientaddr=10.0.2.15,hard" 10.0.2.2:/spool /mnt || poweroff -f
mkdir -p {directory}; touch /mnt/.run/up
while [ ! -e /mnt/.run/down ]; do
  for file in /mnt/.run/*.start; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .start); rm "$file"
    (agentspool run --spool "/mnt/$name" --node a 2>"/mnt/$name.log" & pid=$!
     until [ -e "/mnt/.run/$name.stop" ]; do sleep 0.2; done
     kill -TERM $pid; wait $pid; rm "/mnt/.run/$name.stop") &
  done
  sleep 0.2
done
poweroff -f
"""


def output(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


class Machine:
    """The NFS server, and host a: a virtual machine that has its export mounted."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.export, self.run = directory, directory / "export", directory / "export/.run"
        self.run.mkdir(parents=True)
        self.processes: list[subprocess.Popen[bytes]] = []
        self.console = directory / "console.log"

    def up(self) -> None:
        directory = self.directory
        (directory / "run").mkdir()
        (directory / "ganesha.conf").write_text(SERVER.format(port=PORT, directory=directory))
        self._begin("ganesha.nfsd", "-F", "-f", f"{directory}/ganesha.conf", "-L", f"{directory}/ganesha.log",
                    "-p", f"{directory}/ganesha.pid")  # fmt: skip
        kernel = max(Path("/boot").glob("vmlinuz-*cloud-amd64"))
        self._make_image(kernel.name.removeprefix("vmlinuz-"))
        self._begin("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "1", "-m", "1024",
                    "-display", "none", "-serial", f"file:{self.console}", "-no-reboot", "-kernel", str(kernel),
                    "-initrd", f"{directory}/image.gz",
                    "-append", "console=ttyS0 panic=-1 quiet mitigations=off",
                    "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=")  # fmt: skip
        until(lambda: (self.run / "up").exists(), f"the machine mounts its export; see {self.console}", 300)

    def _begin(self, *command: str) -> None:
        log = (self.directory / f"{command[0]}.out").open("w")
        self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def _make_image(self, version: str) -> None:
        """An initial file system that holds busybox, the modules for NFS, and the program with its libraries."""
        root = self.directory / "image"
        for name in ("bin", "proc", "sys", "dev", "tmp", "mnt", "modules", "etc"):
            (root / name).mkdir(parents=True)
        shutil.copy("/bin/busybox", root / "bin/busybox")
        for name in output("/bin/busybox", "--list").split():
            if name != "busybox":
                (root / "bin" / name).symlink_to("busybox")
        program = root / "bin/agentspool"
        subprocess.run(["strip", "-o", str(program), shared.PROGRAM], check=True)
        for line in output("ldd", shared.PROGRAM).splitlines():
            path = next((word for word in line.split() if word.startswith("/")), None)
            if path:
                target = root / path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
        (root / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
        modules: dict[str, None] = {}
        for name in ("virtio_pci", "virtio_net", "nfsv4"):
            for line in output("modprobe", "-S", version, "--show-depends", name).splitlines():
                if line.startswith("insmod "):
                    modules[line.split()[1]] = None
        for number, path in enumerate(modules):
            name = Path(path).name.removesuffix(".xz")
            with (root / f"modules/{number:03}-{name}").open("wb") as file:
                subprocess.run(["xz", "-dc", path] if path.endswith(".xz") else ["cat", path], check=True, stdout=file)
        init = root / "init"
        init.write_text(INIT.format(port=PORT, directory=self.directory))
        init.chmod(0o755)
        pack = f"cd '{root}' && find . | cpio -o -H newc 2>/dev/null | gzip -1 > '{self.directory}/image.gz'"
        subprocess.run(["sh", "-c", pack], check=True)

    def mount(self, host: str) -> Path:
        return self.export

    def on(self, host: str) -> list[str]:
        return []

    def down(self) -> None:
        (self.run / "down").touch()
        try:
            if self.processes:
                self.processes[-1].wait(30)
        except subprocess.TimeoutExpired:
            pass
        for process in self.processes:
            process.kill()
            process.wait()


class RemoteSpool(Spool):
    """A spool on the export; its daemon runs in the virtual machine and keeps its index there, at the same path."""

    def __init__(self, hosts: Machine, name: str, settle: str) -> None:
        super().__init__(hosts, name, settle)
        self.log = hosts.export / f"{name}.log"
        self.is_running = False

    def start(self) -> None:
        (self.hosts.run / f"{self.name}.start").touch()
        self.is_running = True
        until(lambda: self.log.exists() and " ready" in self.log.read_text(), "the daemon is ready", 120)

    def verify(self) -> None:
        # The daemon's index is in the virtual machine.
        subprocess.run([shared.PROGRAM, "reindex", "--spool", str(self.a)], check=True, capture_output=True)
        super().verify()

    def stop(self) -> None:
        if self.is_running:
            stop = self.hosts.run / f"{self.name}.stop"
            stop.touch()
            until(lambda: not stop.exists(), "the daemon ends", 60)


def main() -> int:
    if os.geteuid() != 0:
        print("needs root: the NFS server reads files of every user", file=sys.stderr)
        return 77
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = Path(tempfile.mkdtemp(prefix="agentspool-nfs-", dir=os.environ.get("TMPDIR", "/var/tmp")))
    machine = Machine(directory)
    try:
        machine.up()
        outcomes = [shared.play(machine, case, settle, RemoteSpool) for case, settle in shared.CASES]
    except Wrong as wrong:
        print(f"WRONG  {wrong}")
        return 1
    finally:
        machine.down()
    print(f"{len(outcomes)} cases: {outcomes.count(True)} right, {outcomes.count(False)} wrong")
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
