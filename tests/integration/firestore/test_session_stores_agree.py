"""Both stores go through the same histories of sessions, some answers of Firestore are lost, and the model agrees."""

import json
import uuid
from dataclasses import replace
from pathlib import Path

import grpc  # type: ignore[import-untyped]  # published without types
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from integration.firestore.database import Database
from integration.firestore.people import CALLER
from integration.firestore.proxy import WRITE, FirestoreProxy, failing
from live_tokens.deadline import Deadline
from live_tokens.errors import QuotaUnavailable
from live_tokens.firestore_quota import user_switch
from live_tokens.issuing import Caller, Profile, SessionCall
from live_tokens.memory_quota import MemoryQuotaStore
from support.conversations import Conversations, Subject


class InFirestore(Subject):
    """A caller whose lost answers are lost between Firestore and the store: what was written stays written."""

    def __init__(self, machine: "BothStores", caller: Caller) -> None:
        self._database, self._proxy = machine.database, machine.proxy
        store = self._database.store(now=lambda _: machine.now)
        super().__init__(store, caller, self._block, stands_still=False)

    def lose(self, profile: Profile, call: SessionCall) -> str:
        self._proxy.after[WRITE] = failing(grpc.StatusCode.UNAVAILABLE)
        with pytest.raises(QuotaUnavailable):
            self.store.spend(self.caller, profile, call, Deadline.after(30))
        del self._proxy.after[WRITE]
        if call.session is not None:
            return call.session
        stored = self._database.stored(self.caller.uid)
        assert stored is not None
        (session,) = stored["sessions"][profile.name].keys() - self.model.windows.keys()
        return str(session)

    def _block(self, on: bool) -> None:
        switch = user_switch(self.caller.uid)
        if on:
            self._database.set_switch(switch, {})
        else:
            self._database.clear_switch(switch)


class BothStores(Conversations):
    """Drives one caller in Firestore, and one in memory.

    Attributes:
        database: the same for all runs, which have callers of their own.
        proxy: before the database.
        switches: file of the store in memory.
    """

    database: Database
    proxy: FirestoreProxy
    switches: Path

    def make_subjects(self) -> list[Subject]:
        caller = replace(CALLER, uid=uuid.uuid4().hex)
        in_memory = MemoryQuotaStore(self.switches, lambda: self.now)

        def block(on: bool) -> None:
            self.switches.write_text(json.dumps({"users": {caller.uid: {}} if on else {}}))

        return [InFirestore(self, caller), Subject(in_memory, caller, block, stands_still=True)]


def test_firestore_memory_and_the_model_agree_on_sessions(
    database: Database, proxy: FirestoreProxy, tmp_path: Path
) -> None:
    of_this_test = {"database": database, "proxy": proxy, "switches": tmp_path / "switches.json"}
    run_state_machine_as_test(
        type("StoresOfThisTest", (BothStores,), of_this_test),
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
