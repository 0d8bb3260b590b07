# SPDX-License-Identifier: Apache-2.0
"""Who sees what in PostgreSQL. Every question is made from the catalogue, so a relation, a function or a table that is
added later is asked for too. Everything happens in one transaction that is rolled back."""
import collections
import contextlib
import itertools

import psycopg2
import pytest

UNITS = ("s110105001", "s110105002", "d_urban", "u_heat", "desk")
# A function of api that is not a pure one of its arguments: how to call it, as a row source.
CALLS = {"api.adjustments(text)": "api.adjustments('2031')"}


@pytest.fixture
def cursor(district):
    """As the superuser, who may become anybody; what is written is forgotten."""
    connection = psycopg2.connect(district.environment["CITYBRAIN_PG_ADMIN"])
    with contextlib.closing(connection), connection.cursor() as cursor:
        yield cursor
        connection.rollback()


def rows(cursor, question, *values):
    cursor.execute(question, values or None)
    return cursor.fetchall()


def relations(cursor, schema, kinds="rvp"):
    """Names with quotes where they need them."""
    return [name for name, in rows(cursor, "SELECT c.oid::regclass::text FROM pg_class AS c WHERE relnamespace = %s::regnamespace "
                                   "AND relkind = ANY(%s) AND NOT relispartition ORDER BY 1", schema, list(kinds))]


def columns(cursor, table):
    return rows(cursor, "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND "
                        "attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = ''", table)


def guarded(cursor):
    return [name for name in relations(cursor, "core", "rp")
            if rows(cursor, "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", name)[0][0]]


def invented(unit, column, kind):
    """A value that names the unit wherever it can."""
    if column in ("unit", "lead"):
        return unit
    if column == "lines":
        return f"1|id-{unit}|0.a.1.0000000000000001|1|mjuk4000|mjuk4000|={unit}|1|v=1|l={unit}"
    if column in ("case_id", "kind", "bucket"):
        return {"case_id": f"request:roles:{unit}", "kind": "request", "bucket": "07"}[column]
    if kind in ("text", "character varying"):
        return f"of {unit}"
    return {"date": "2031-01-01", "timestamp with time zone": "2031-01-01T00:00Z", "boolean": True, "jsonb": "{}", "json": "{}",
            "text[]": [f"of {unit}"], "bigint[]": [1]}.get(kind, 1)


@pytest.fixture
def facts(cursor):
    """A row of each of the units in every guarded table."""
    cursor.execute("SELECT core.make_observation_days('{2031-01-01}')")
    for table in guarded(cursor):
        named = columns(cursor, table)
        for n, unit in enumerate(UNITS):
            values = [invented(unit, column, kind) for column, kind in named]
            if "unit" not in dict(named):  # a fact of nobody's; its key must differ all the same
                values = [v + n if isinstance(v, int) and not isinstance(v, bool) else v for v in values]
            cursor.execute(f"INSERT INTO {table} ({', '.join(c for c, _ in named)}) VALUES ({', '.join(['%s'] * len(values))})",
                           values)
    cursor.execute("INSERT INTO core.period (name, first_day, last_day, tick_ms, positions, who, reason, shapes) SELECT '2031', "
                   "'2031-01-01', '2031-12-31', 0, '{}', 'nobody', 'a test', jsonb_object_agg(r, core.shape_of(r)) FROM "
                   "core.cell_relations() AS r")
    for unit in UNITS:  # one that is in no cell now: its adjustment is of what is frozen alone
        cursor.execute("INSERT INTO core.frozen_cell (period, relation, key, value, unit) VALUES ('2031', 'cell_closure_rate', "
                       "jsonb_build_object('bucket', '07', 'day', '2031-02-01', 'unit', %s), '{\"opened_n\": 3}', %s)", (unit, unit))
    return cursor


@contextlib.contextmanager
def as_role(cursor, role):
    cursor.execute(f'SET LOCAL ROLE "{role}"')
    yield
    cursor.execute("RESET ROLE")


def told(cursor, source):
    """Every row as text; None where the role may not even ask."""
    return owned(cursor, source, "NULL", lambda text, _: text)


def owned(cursor, source, owner="to_jsonb(r) ->> 'unit'", take=lambda text, unit: (text, unit)):
    """Every row as text, and whose it says to be: its unit, where it has such a column."""
    cursor.execute("SAVEPOINT asked")
    try:
        return [take(*row) for row in rows(cursor, f"SELECT r::text, {owner} FROM {source} AS r")]
    except psycopg2.errors.InsufficientPrivilege:
        return None
    finally:
        cursor.execute("ROLLBACK TO asked")


def functions(cursor, schema):
    return rows(cursor, "SELECT oid::regprocedure::text, prosecdef, provolatile, proretset FROM pg_proc WHERE pronamespace = "
                        "%s::regnamespace", schema)


def sources(cursor):
    called = [call for name, call in CALLS.items() if name in {f for f, *_ in functions(cursor, "api")}]
    return relations(cursor, "api") + called + relations(cursor, "core")


def is_of(cases, line):
    """A row that begins with one of these cases: who says what of one's own case is one's own to read."""
    return line[1:].split(",")[0].strip('"') in cases


def test_no_unit_sees_a_row_of_another_through_anything(facts):
    asked = sources(facts)
    assert len(asked) > 15 and "core.case_set" in asked and "api.case_timeline" in asked
    own_cases, seen = collections.defaultdict(set), {}
    for unit, case in rows(facts, "SELECT unit, case_id FROM core.case_set WHERE case_id NOT LIKE 'request:roles:%%'"):
        own_cases[unit].add(case)
    for case, lead, helpers in rows(facts, "SELECT case_id, lead, helpers FROM core.case_now WHERE case_id NOT LIKE "
                                    "'request:roles:%%'"):
        for unit in {lead} | {h["unit"] for h in helpers or [] if h["role"] != "past"}:  # who helps has no set of its own
            own_cases[unit].add(case)
    for unit in UNITS:
        with as_role(facts, f"dash_{unit}"):
            seen[unit] = {source: owned(facts, source) for source in asked}
    for mine, other in itertools.permutations(UNITS, 2):
        for source, lines in seen[mine].items():  # one's own row may name who is on the other side of a dispute
            leaked = [line for line, owner in lines or [] if not is_of(own_cases[mine], line)
                      and (other == owner if owner else other in line)]
            assert not leaked or source == "core.code", f"dash_{mine} sees {other} through {source}: {leaked[:3]}"
    for unit in UNITS:  # and it is no empty promise
        own = [source for source, lines in seen[unit].items() if lines and any(unit in line for line, _ in lines)]
        assert {"api.case_now", "api.closure_rate", "api.response_time", "api.response_time_bins", "api.case_timeline",
                CALLS["api.adjustments(text)"]} <= set(own), own
        adjusted = [line for line, _ in seen[unit][CALLS["api.adjustments(text)"]]]
        assert {line.split(",")[0] for line in adjusted} >= {"(cell_closure_rate", "(hist_response_time"}, adjusted
        assert any("2031-02-01" in line for line in adjusted), adjusted


def test_whoever_may_see_all_does(facts):
    with as_role(facts, "dash_all"):
        for source in ("api.closure_rate", "api.case_timeline"):
            lines = told(facts, source)
            assert all(any(unit in line for line in lines) for unit in UNITS), source


def test_functions_of_api_act_as_who_calls_them(cursor):
    found = functions(cursor, "api")
    assert found
    for name, definer, volatile, is_set in found:
        assert not definer, f"{name} acts as its owner: whose rows it reads is not its caller's"
        assert (volatile == "i" and not is_set) or name in CALLS, f"{name} may read rows: write into CALLS how it is called"


def test_views_of_api_are_read_as_who_asks(cursor):
    careless = [name for name in relations(cursor, "api", "v") if not rows(
        cursor, "SELECT coalesce('security_invoker=true' = ANY(reloptions), false) FROM pg_class WHERE oid = %s::regclass", name)[0][0]]
    assert careless == [], "made by hand? SELECT core.show('…') in the migration"
    assert relations(cursor, "api", "rmf") == []  # tables, matviews: nothing that carries no policy


def test_a_view_that_forgot_it_shows_nothing(facts):
    with as_role(facts, "owner"):
        facts.execute("CREATE VIEW api.careless AS SELECT * FROM core.case_set; GRANT SELECT ON api.careless TO dash")
        assert told(facts, "core.case_set") == []
    with as_role(facts, f"dash_{UNITS[0]}"):
        assert told(facts, "api.careless") == []


def test_a_function_that_tells_what_it_sees_is_shown_no_other_row(facts):
    facts.execute("CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS "
                  "$$ BEGIN RAISE NOTICE 'heard %', $1; RETURN true; END $$")
    facts.connection.notices = collections.deque()  # a list would keep the last fifty
    with as_role(facts, f"dash_{UNITS[0]}"):
        told(facts, "(SELECT unit FROM api.closure_rate WHERE pg_temp.tell(unit))")
        told(facts, "(SELECT case_id FROM api.case_timeline WHERE pg_temp.tell(case_id))")
    heard = "".join(facts.connection.notices)
    assert UNITS[0] in heard and not [unit for unit in UNITS[1:] if unit in heard], heard


def test_units_write_nothing_and_become_nobody_else(facts):
    for table in relations(facts, "core", "rp"):
        for role in ("dash", "dash_all", f"dash_{UNITS[0]}"):
            may = rows(facts, "SELECT has_table_privilege(%s, %s, 'INSERT, UPDATE, DELETE, TRUNCATE')", role, table)
            assert may == [(False,)], (role, table)
    with as_role(facts, f"dash_{UNITS[0]}"):
        assert rows(facts, "SELECT pg_has_role('dash_all', 'MEMBER'), pg_has_role('agg_writer', 'MEMBER'), "
                           "has_schema_privilege('core', 'CREATE'), has_schema_privilege('api', 'CREATE')") == [(False,) * 4]


def test_the_writer_deletes_nothing_and_makes_nothing(cursor):
    for table in relations(cursor, "core", "rp"):
        may = rows(cursor, "SELECT has_table_privilege('agg_writer', %s, 'DELETE, TRUNCATE')", table)
        assert may == [(False,)], table
    with as_role(cursor, "agg_writer"):
        assert rows(cursor, "SELECT has_schema_privilege('core', 'CREATE'), has_schema_privilege('api', 'CREATE'), "
                            "has_database_privilege(current_database(), 'CREATE')") == [(False,) * 3]
    assert rows(cursor, "SELECT rolsuper OR rolbypassrls OR rolcanlogin FROM pg_roles WHERE rolname IN ('owner', 'agg_writer', "
                        "'audit_writer', 'dash', 'dash_all')") == [(False,)] * 5


def test_the_writer_of_audit_adds_and_reads_nothing(cursor):
    with as_role(cursor, "audit_writer"):
        cursor.execute("INSERT INTO core.audit (verb, arguments, reason) VALUES ('test', '', 'to see')")
        assert told(cursor, "core.audit") is None
    for table in relations(cursor, "core", "rp"):
        may = rows(cursor, "SELECT has_table_privilege('audit_writer', %s, 'SELECT, UPDATE, DELETE, TRUNCATE')", table)
        assert may == [(False,)], table
