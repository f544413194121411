"""Runs a module in a process whose system clock is wrong: `python -m … SECONDS MODULE`.

All that is imported from then on sees the wrong time. gRPC alone has been imported before: its core, which is not
Python, keeps the right one, and the two have to agree about deadlines.
"""

import datetime
import runpy
import sys
import time
import types

import grpc  # type: ignore[import-untyped]  # published without types

_ERROR = float(sys.argv[1])


def _wrong_time() -> float:
    return time.time() + _ERROR


class _WrongDatetime(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "_WrongDatetime":
        return cls.fromtimestamp(_wrong_time(), tz)

    @classmethod
    def utcnow(cls) -> "_WrongDatetime":
        return cls.now(datetime.UTC).replace(tzinfo=None)


def _with(module: types.ModuleType, name: str, value: object) -> types.ModuleType:
    copy = types.ModuleType(module.__name__)
    vars(copy).update(vars(module))
    setattr(copy, name, value)
    return copy


if __name__ == "__main__":
    grpc.insecure_channel("127.0.0.1:1").close()  # imports what gRPC imports late
    sys.modules["time"] = _with(time, "time", _wrong_time)
    sys.modules["datetime"] = _with(datetime, "datetime", _WrongDatetime)
    runpy.run_module(sys.argv[2], run_name="__main__")
