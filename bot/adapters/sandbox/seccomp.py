"""A system call filter as bubblewrap takes it: classic BPF that refuses what namespaces do not cover.

Kernel keyrings, BPF, performance counters, userfaultfd, io_uring and the sockets that no network namespace holds
(AF_VSOCK reaches the host of a virtual machine) are refused; so are foreign and x32 system calls, whose numbers differ.
"""

import struct

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_X32 = 0x40000000
_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK."""

_IO_URING = (425, 426, 427)
_MOUNT_API = (428, 429, 430, 431, 432, 433, 442)
# add_key request_key keyctl bpf perf_event_open userfaultfd open_by_handle_at kexec_load kexec_file_load setns
# mount umount2 pivot_root syslog
_TABLES = {
    "x86_64": (0xC000003E, 41, (248, 249, 250, 321, 298, 323, 304, 246, 320, 308, 165, 166, 155, 103)),
    "aarch64": (0xC00000B7, 198, (217, 218, 219, 280, 241, 282, 265, 104, 294, 268, 40, 39, 41, 116)),
}


def program(machine: str) -> bytes:
    """The filter for `platform.machine()`, empty for a machine whose system call numbers are not in the table."""
    if machine not in _TABLES:
        return b""
    arch, socket, calls = _TABLES[machine]
    families = _checks(_LOAD, _FIRST_ARGUMENT, _FAMILIES, found=_ALLOW, otherwise=_ERRNO | _EAFNOSUPPORT)
    refused = _checks(None, 0, (*calls, *_IO_URING, *_MOUNT_API), found=_ERRNO | _EPERM, otherwise=_ALLOW)
    return b"".join(
        [
            _op(_LOAD, _ARCH),
            _op(_EQUAL, arch, 1, 0),
            _op(_RETURN, _ERRNO | _ENOSYS),
            _op(_LOAD, _NUMBER),
            _op(_AT_LEAST, _X32, 0, 1),
            _op(_RETURN, _ERRNO | _ENOSYS),
            _op(_EQUAL, socket, 0, len(families) // 8),
            families,
            refused,
        ]
    )


def _checks(load: int | None, offset: int, values: tuple[int, ...], *, found: int, otherwise: int) -> bytes:
    """Compare with each value: one answer if it is among them, another if not."""
    head = b"" if load is None else _op(load, offset)
    last = len(values)
    compares = [_op(_EQUAL, value, last - index, 0) for index, value in enumerate(values)]
    return head + b"".join(compares) + _op(_RETURN, otherwise) + _op(_RETURN, found)


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
