"""The local stack: the unmodified function, the official Auth emulator, and stand-ins for services without an emulator.

`make stack` keeps it running for an app; the demo and the tests start their own:

    with LocalStack(StackOptions(run_directory=tmp_path)) as stack:
        requests.post(stack.function_url, …)
"""

from stack.prerequisites import StackError
from stack.stack import API_KEY, PROJECT_ID, LocalStack, Ports, StackOptions

__all__ = ["API_KEY", "PROJECT_ID", "LocalStack", "Ports", "StackError", "StackOptions"]
