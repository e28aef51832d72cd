"""Whatever the text, it compiles or is refused; whatever the packet, what has compiled has a value or a Failure."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kead.classify.compiler import ExpressionError, Failure, Scope, compile_boolean, compile_string
from kead.classify.parsing import _NAMES, _parser
from kead.wire.packets import PacketError
from tests.classify.packets import OPTIONS4, OPTIONS6, TABLE4, TABLE6, subject4, subject6, usual4, usual6

WORDS = [
    *(terminal.pattern.value for terminal in _parser().terminals if terminal.pattern.type == "str"),
    *[
        "peeraddr",
        "linkaddr",
        "iface",
        "src",
        "dst",
        "len",
        "mac",
        "hlen",
        "htype",
        "ciaddr",
        "giaddr",
        "yiaddr",
        "siaddr",
        "msgtype",
        "transid",
    ],
    *["int8totext", "int16totext", "int32totext", "uint8totext", "uint16totext", "uint32totext"],
    *[
        "0",
        "1",
        "-1",
        "2",
        "12",
        "60",
        "82",
        "125",
        "255",
        "256",
        "70000",
        "4294967296",
        "0x0",
        "0x123",
        "10.0.0.1",
        "2001:db8::1",
        "::",
    ],
    *["''", "'a'", "'a.b'", "'ALL'", "'KNOWN'", "host-name", "clientid", "nope"],
    *("[1]", "[60]", "option[60].text", "option[1].hex", "relay4[1].hex", "relay6[0].peeraddr", "'a' == 'b'"),
]
TEXTS = st.one_of(
    st.text(max_size=30),
    st.text("'()[]. \n,+*=0x1:-aopn", max_size=30),
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
)

CODES = st.integers(0, 255)
_leaf = st.one_of(
    st.sampled_from(["''", "'a'", "'a.b'", "0x00", "1", "10.0.0.1", "::1", "pkt.iface", "pkt.src", "pkt.len"]),
    st.sampled_from(
        ["vendor.enterprise", "vendor-class.enterprise", "vendor-class[*].data[1]", "vendor[*].option[1].hex"]
    ),
    st.tuples(CODES, st.sampled_from(["text", "hex"])).map(lambda x: f"option[{x[0]}].{x[1]}"),
    st.tuples(CODES, CODES, st.sampled_from(["text", "hex"])).map(lambda x: f"option[{x[0]}].option[{x[1]}].{x[2]}"),
    st.tuples(CODES, CODES, CODES).map(lambda x: f"option[{x[0]}].option[{x[1]}].option[{x[2]}].text"),
    st.tuples(CODES, st.sampled_from(["text", "hex"])).map(lambda x: f"vendor[*].option[{x[0]}].{x[1]}"),
)
_leaf4 = st.one_of(
    _leaf,
    st.sampled_from([f"pkt4.{field}" for field in _NAMES["PKT4_FIELD"]]),
    st.tuples(CODES, st.sampled_from(["text", "hex"])).map(lambda x: f"relay4[{x[0]}].{x[1]}"),
)
_leaf6 = st.one_of(
    _leaf,
    st.sampled_from(["pkt6.msgtype", "pkt6.transid"]),
    st.tuples(st.integers(-32, 31), st.sampled_from(["peeraddr", "linkaddr", "option[18].hex", "option[37].text"])).map(
        lambda x: f"relay6[{x[0]}].{x[1]}"
    ),
)
_small = st.integers(-9, 9)


def _more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    condition = st.one_of(
        two.map(lambda x: f"{x[0]} == {x[1]}"),
        inner.map(lambda x: f"match('[a-z]*', {x})"),
        inner.map(lambda x: f"not {x} == ''"),
        two.map(lambda x: f"({x[0]} == 'a' or {x[1]} == 'b')"),
    )
    return st.one_of(
        two.map(lambda x: f"{x[0]} + {x[1]}"),
        two.map(lambda x: f"concat({x[0]}, {x[1]})"),
        two.map(lambda x: f"hexstring({x[0]}, {x[1]})"),
        st.tuples(inner, inner, _small).map(lambda x: f"split({x[0]}, {x[1]}, {x[2]})"),
        st.tuples(inner, _small, _small).map(lambda x: f"substring({x[0]}, {x[1]}, {x[2]})"),
        st.tuples(inner, _small).map(lambda x: f"substring({x[0]}, {x[1]}, all)"),
        st.tuples(st.sampled_from(["lcase", "ucase", "addrtotext", *_NAMES["NUMBER_TO_TEXT"]]), inner).map(
            lambda x: f"{x[0]}({x[1]})"
        ),
        st.tuples(st.sampled_from(["ifelse", "sifelse"]), condition, inner, inner).map(
            lambda x: f"{x[0]}({x[1]}, {x[2]}, {x[3]})"
        ),
        inner.map(lambda x: f"({x})"),
    )


STRINGS4 = st.recursive(_leaf4, _more, max_leaves=8)
STRINGS6 = st.recursive(_leaf6, _more, max_leaves=8)
VALUES = st.one_of(st.binary(max_size=40), st.sampled_from(list(OPTIONS4.values())))
PACKETS4 = st.dictionaries(st.integers(1, 254).filter(lambda code: code not in (52, 53)), VALUES, max_size=12)
PACKETS6 = st.lists(
    st.tuples(
        st.integers(1, 255).filter(lambda code: code != 9), st.one_of(VALUES, st.sampled_from([v for _, v in OPTIONS6]))
    ),
    max_size=12,
)


@settings(max_examples=500)
@given(TEXTS)
def test_any_text_compiles_or_is_refused(text: str) -> None:
    for compile in (compile_boolean, compile_string):
        for scope, subject in ((Scope(4, TABLE4), usual4()), (Scope(6, TABLE6), usual6())):
            wrong = None
            try:
                found = compile(text, scope)(subject)
            except ExpressionError as error:
                wrong = error
            if wrong is None:
                assert isinstance(found, Failure | (bool if compile is compile_boolean else bytes))
            else:
                assert 1 <= wrong.column <= len(text) + 1
                assert 1 <= wrong.line <= text.count("\n") + 1
                assert wrong.why


@given(STRINGS4, PACKETS4)
def test_any_expression_has_a_value_on_any_packet4(text: str, options: dict[int, bytes]) -> None:
    try:
        subject = subject4(options)
    except PacketError:
        return
    found = compile_string(text, Scope(4, TABLE4))(subject)
    assert isinstance(found, bytes) or "Error" not in found.reason, found


@given(STRINGS6, PACKETS6)
def test_any_expression_has_a_value_on_any_packet6(text: str, options: list[tuple[int, bytes]]) -> None:
    try:
        subject = subject6(options)
    except PacketError:
        return
    found = compile_string(text, Scope(6, TABLE6))(subject)
    assert isinstance(found, bytes) or "Error" not in found.reason, found
