"""JSON-RPC lines that another parser could read differently are refused."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from agentwatch.channels import rpc
from agentwatch.model import Json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES), st.integers() | st.text())
def test_what_is_passed_on_is_what_was_read(params: Json, number: rpc.Id) -> None:
    line = rpc.line_of(rpc.request(number, "tools/call", params))
    message = rpc.read(line)
    assert message.params == params
    assert line.count(b"\n") == 1
    assert rpc.line_of(message.data) == line


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_malformed(line: bytes) -> None:
    try:
        rpc.read(line)
    except rpc.Malformed:
        return


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"name":"a","name":"b"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","PARAMS":{}}',
        b'[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}]',
        b'{"jsonrpc":"2.0","id":true,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":{},"method":"ping"}',
        b'{"jsonrpc":"2.0","id":null,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}',
        b'{"jsonrpc":"2.0","id":1,"result":{},"error":{}}',
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","result":{}}',
        b'{"jsonrpc":"1.0","id":1,"method":"ping"}',
        b'{"id":1,"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1,"method":7}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"n":NaN}}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"n":1e999}}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping"} {}',
        b"\xff\xfe",
        '{"jsonrpc":"2.0","id":1,"method":"ping"}'.encode("utf-16"),
        b"[" * 100_000,
        b"npm warn",
        b"7",
    ],
)
def test_a_line_that_reads_in_two_ways_or_none_is_malformed(line: bytes) -> None:
    with pytest.raises(rpc.Malformed):
        rpc.read(line)


def test_a_malformed_request_keeps_its_number_for_the_answer() -> None:
    with pytest.raises(rpc.Malformed) as caught:
        rpc.read(b'{"jsonrpc":"2.0","id":5,"method":"ping","params":[]}')
    assert caught.value.id == 5


def test_an_error_without_a_number_is_a_response() -> None:
    message = rpc.read(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}')
    assert message.answers
    assert message.error == {"code": -32700, "message": "no"}
