"""Where a process listens, from Linux's own tables of sockets."""

import os
from pathlib import Path


def listening(pid: int) -> set[str]:
    """Addresses on which the process listens, from /proc; unix sockets count too."""
    sockets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(descriptor)
        except OSError:
            continue
        if target.startswith("socket:["):
            sockets.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            listens = fields[3] == "0A" or table.startswith("udp")
            if listens and fields[9] in sockets and fields[2].endswith(":0000"):
                found.add(_address(fields[1]))
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        unix = line.split()
        if len(unix) > 7 and unix[6] in sockets:
            found.add(unix[7])
    return found


def _address(encoded: str) -> str:
    host, port = encoded.split(":")
    numbers = ".".join(str(byte) for byte in reversed(bytes.fromhex(host)))
    return f"{numbers}:{int(port, 16)}"
