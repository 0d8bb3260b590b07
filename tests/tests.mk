# The checks that are not C programs: style, sizes, arrows between the rooms, static analysis.
LINT  := $(OUT)/lint
TIDY  := $(patsubst %.c,$(LINT)/%.tidy,$(ALL_SRC))
LINT_FLAGS := $(CPPFLAGS) -DCITYBRAIN_FAILPOINTS -std=c17

.PHONY: lint lint-format lint-size lint-layers lint-cppcheck lint-tidy

lint: lint-format lint-size lint-layers lint-cppcheck lint-tidy ## format, sizes, arrows between rooms, cppcheck, clang-tidy

lint-format:
	@clang-format --dry-run -Werror $(wildcard $(shell git ls-files '*.c' '*.h'))
lint-size:
	@tools/check_size.sh
lint-layers:
	@tools/check_layers.sh
lint-cppcheck:
	@cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	    --suppressions-list=tools/cppcheck_suppressions -D_GNU_SOURCE -DCITYBRAIN_FAILPOINTS \
	    -Icommon -Iservices -Itools common services tools

# The router's cases in memory: bytes and restore time of ninety usual days and of 100,000 open cases.
.PHONY: bench-sets
bench-sets: ## bytes and restore time of the router's cases
	@$(MAKE) --no-print-directory VARIANT=release $(OUT)/release/bench/case_set_fill
	@BENCH_OUT=$(OUT)/bench $(OUT)/release/bench/case_set_fill

# Slow, so each file leaves a stamp and is read again only when it, one of its headers or the checks changed.
lint-tidy: $(TIDY)
$(TIDY): $(LINT)/%.tidy: %.c .clang-tidy | $(GENERATED)
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- $(LINT_FLAGS) 2>$@.log || { cat $@.log; exit 1; }
	@$(CC) $(LINT_FLAGS) -MM -MP -MT $@ -MF $@.d $<
	@touch $@
-include $(wildcard $(TIDY:=.d))

# The checks themselves, on small trees with planted faults.
unit: tests/unit/lint/test_checks

.PHONY: mutants
mutants: ## breaks one promise after another, each on a copy: its test must notice
	@OUT=$(OUT) tests/mutants/run

ROUNDS  ?= 5
RECORDS ?= 100000
SUBJECTS ?=
.PHONY: bench
bench: ## CPU and memory beside their limits, on real Kafka and PostgreSQL (ROUNDS=1 RECORDS=30000 for a quick look)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/bench.py $(ROUNDS) $(RECORDS) $(SUBJECTS)

API_SECONDS ?= 20
API_ORDERS  ?= 7000
API_CASES   ?= 1000000
.PHONY: bench-api
bench-api: ## the read API at 100 requests/s over a year of the district (API_SECONDS=5 API_CASES=0)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/api.py $(API_SECONDS) $(API_ORDERS) $(API_CASES)

.PHONY: bench-watch
WATCH_SECONDS ?= 30
WATCH_EVENTS  ?= 1000
WATCH_PAGES   ?= 1
bench-watch: ## what scrapes and open pages cost each daemon at 1,000 events/s (WATCH_SECONDS=10 WATCH_PAGES=20)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/watch.py $(WATCH_SECONDS) $(WATCH_EVENTS) $(WATCH_PAGES)

DROP_MB ?= 1024
.PHONY: bench-drop
bench-drop: ## what ingest holds while it takes a file of a gigabyte out of a drop directory (DROP_MB=100 for a quick look)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/drop.py $(DROP_MB)

.PHONY: bench-writers
bench-writers: ## how often two aggregators wait for each other's rows, with a shard each and with one for both (ROUNDS=2)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/writers.py

.PHONY: bench-ingest deps-bench
bench-ingest: ## ingest's CPU and memory beside limits and peers, on real Kafka (INGEST_ROUNDS=1 INGEST_RECORDS=40000)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/ingest.py $(INGEST_ROUNDS) $(INGEST_RECORDS) $(SUBJECTS)
INGEST_ROUNDS  ?= 3
INGEST_RECORDS ?= 400000

deps-bench: deps-dev ## fetch and build the peers of the benches: Kafka Streams, rsyslog, Kafka Connect with Debezium's sink
	@tests/bench/peers/prepare $(OUT)/bench/peers

.PHONY: bench-router bench-latency
ROUTER_ROUNDS   ?= 3
ROUTER_REQUESTS ?= 200000
bench-router: ## the router's CPU, memory and restore beside limits and a peer, on real Kafka (ROUTER_ROUNDS=1 ROUTER_REQUESTS=5000)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/router.py $(ROUTER_ROUNDS) $(ROUTER_REQUESTS) $(SUBJECTS)
LATENCY_SECONDS ?= 30
bench-latency: ## from the door's answer to the order its unit can read, at two paces (LATENCY_SECONDS=5)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/latency.py $(LATENCY_SECONDS)

.PHONY: bench-aggregator bench-freshness
AGGREGATOR_ROUNDS   ?= 3
AGGREGATOR_REQUESTS ?= 20000
AGGREGATOR_HISTORY  ?= 200000
AGGREGATOR_REFRESH  ?= 1000000
AGGREGATOR_SINK     ?= 600000
bench-aggregator: ## the aggregator's and its database's CPU beside limits and peers, with ten times the past (AGGREGATOR_ROUNDS=1 AGGREGATOR_REQUESTS=5000 AGGREGATOR_HISTORY=50000)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/aggregator.py $(AGGREGATOR_ROUNDS) $(AGGREGATOR_REQUESTS) \
	    $(AGGREGATOR_HISTORY) $(AGGREGATOR_REFRESH) $(AGGREGATOR_SINK) $(SUBJECTS)

FRESHNESS_SECONDS ?= 30
FRESHNESS_PACE    ?= 1000
bench-freshness: ## from the door's answer to what SQL shows, stage by stage, at 1,000 requests/s (FRESHNESS_SECONDS=10 FRESHNESS_PACE=200)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/freshness.py $(FRESHNESS_SECONDS) $(FRESHNESS_PACE)

.PHONY: asan warnings tests-built
asan: ## ASan and UBSan over unit, component and one end-to-end test: no report
	@OUT=$(OUT) CC="$(CC)" ASAN_CFLAGS="$(CFLAGS_asan)" ASAN_LDFLAGS="$(LDFLAGS_asan)" tests/sanitize

tests-built: $(UNIT_PURE) $(UNIT_FULL) $(UNIT_TOOLS) $(FUZZ_UNIT) $(COMPONENT)
warnings: ## gcc and clang build everything without a warning
	@for compiler in gcc clang; do \
	    $(MAKE) --no-print-directory CI=1 CC=$$compiler OUT=$(OUT)/warnings/$$compiler all tests-built || exit 1; \
	    echo "warnings: none from $$compiler"; \
	done

.PHONY: chaos
chaos: all ## the day under the faults of ten seeds (SEED=n for one, SEEDS="1 2 3", BROKERS=3), each against a clean run
	@CITYBRAIN_BIN=$(abspath $(B)) /usr/bin/python3 tests/chaos/chaos.py

REBUILD_EVENTS ?= 1000000
REBUILD_RATE   ?= 1000
.PHONY: bench-rebuild
bench-rebuild: ## every cell of a million events anew, and a changed view, beside live load: rate, lag, verify (REBUILD_EVENTS=100000)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/rebuild.py $(REBUILD_EVENTS) $(REBUILD_RATE)

REPLAY_RECORDS ?= 1000000
.PHONY: bench-replay
bench-replay: ## a backlog of a million raw records through all three daemons into the views: wall beside CPU (REPLAY_RECORDS=50000)
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/bench/replay.py $(REPLAY_RECORDS)

STORY ?= 10000
.PHONY: story
story: all ## a mapping wrong from Friday to Monday among 10,000 good records: found, mended, replayed, killed, gone on with (STORY=2000)
	@CITYBRAIN_BIN=$(abspath $(B)) STORY=$(STORY) /usr/bin/python3 -m pytest -q -s -p no:cacheprovider tests/e2e/test_story.py

.PHONY: store-proof
store-proof: all ## views filled and rebuilt beside a running aggregator, observations as rows of their day, a log that is another one, all of verify
	@CITYBRAIN_BIN=$(abspath $(B)) /usr/bin/python3 -m pytest -q -p no:cacheprovider \
	    tests/e2e/test_views_apply.py tests/e2e/test_rebuild.py tests/e2e/test_observations.py tests/e2e/test_other_log.py \
	    tests/e2e/test_verify.py tests/e2e/test_log_made_anew.py

.PHONY: vectors
vectors: $(B)/tests/component/test_aggregator_views ## published 三率 and scores to their last digit, dated weights, stocks and overdue on the clock, buckets, scopes
	@tests/support/run_c_tests vectors $^

.PHONY: roles-proof
roles-proof: all ## no unit sees a row of another's: every pair of five units through every relation and function of the catalogue
	@CITYBRAIN_BIN=$(abspath $(B)) /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/e2e/test_roles.py

.PHONY: chaos-store
chaos-store: all ## two aggregators and PostgreSQL killed around COMMIT, frozen, failed over, their disks full (SEED=1, SEEDS="1 2 3", ONLY="freeze wal_full")
	@CITYBRAIN_BIN=$(abspath $(B)) /usr/bin/python3 tests/chaos/store.py

.PHONY: overload
overload: ## ten times what is admitted for a minute, 2,000 slow connections, then a frozen broker: what is answered, memory, nothing lost
	@$(MAKE) --no-print-directory VARIANT=release all
	@CITYBRAIN_BIN=$(abspath $(OUT))/release OVERLOAD_SECONDS=60 OVERLOAD_FREEZE=20 \
	    /usr/bin/python3 -m pytest -q -s -p no:cacheprovider tests/e2e/test_overload.py

# Ten minutes a target, one after the other; what is new goes to $(OUT)/corpus, what breaks to tests/fuzz/found.
SECONDS ?= 600
.PHONY: fuzz
fuzz: ## parsers of outside bytes under libFuzzer (SECONDS=600 each, FUZZ="csv json" for some)
	@$(MAKE) --no-print-directory VARIANT=fuzz CC=clang $(FUZZ:%=$(OUT)/fuzz/fuzz/%)
	@OUT=$(OUT) SECONDS_EACH=$(SECONDS) tests/fuzz/run $(FUZZ)

# The router's pure core, lived in by random cases: without arguments what once broke it and some hundred seeds.
SIM := $(B)/tests/sim/sim
$(SIM): $(patsubst %.c,$(B)/%.o,$(wildcard tests/sim/*.c)) $(CORE_LIBS) $(B)/libpure.a
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_PURE) -o $@
unit: $(SIM)
tests-built: $(SIM)
SEEDS ?= 100000
FROM  ?= 1
.PHONY: sim
sim: ## random lives of cases under kills, moves and repeats, every law asked of each (SEEDS=100000 FROM=1)
	@$(MAKE) --no-print-directory VARIANT=release $(OUT)/release/tests/sim/sim
	@$(OUT)/release/tests/sim/sim --seeds $(SEEDS) --from $(FROM)

.PHONY: views-proof
views-proof: all ## every number of every view of real requests against a recomputation from the files; disordered, the same cells (SEEDS="1 2 3")
	@CITYBRAIN_BIN=$(abspath $(B)) /usr/bin/python3 tests/proof/views.py

# The page in Debian's Chromium, led by playwright-core, on a day of its own: too long for `make test`, which looks at it over canned answers.
PAGE_EVENTS  ?= 6000
PAGE_SCREENS ?= docs/screens
.PHONY: page page-screens
page: all ## the page in Chromium on a generated day: views, sums, live numbers, keyboard, contrast, a decision (PAGE_EVENTS=6000)
	@tests/page/prepare $(OUT)/page
	@CITYBRAIN_BIN=$(abspath $(B)) PAGE_EVENTS=$(PAGE_EVENTS) /usr/bin/python3 tests/page/run.py
page-screens: all ## pictures of the page's states (PAGE_SCREENS=docs/screens)
	@tests/page/prepare $(OUT)/page
	@CITYBRAIN_BIN=$(abspath $(B)) PAGE_EVENTS=$(PAGE_EVENTS) /usr/bin/python3 tests/page/run.py --screens $(PAGE_SCREENS)

.PHONY: alerts
alerts: all ## eleven causes in a living district beside Debian's Prometheus: each alert fires within 120 s and clears (ONLY="DeadRatio")
	@CITYBRAIN_BIN=$(abspath $(B)) /usr/bin/python3 tests/alerts/alerts.py

.PHONY: afternoon
afternoon: ## docs/new-district.md in one shell, from `citybrain init` to the district's own orders on its page
	@$(MAKE) --no-print-directory VARIANT=release programs
	@CITYBRAIN_BIN=$(abspath $(OUT))/release /usr/bin/python3 tests/proof/afternoon.py

MONTH_DAYS ?= 3
MONTH_RATE ?= 1000
.PHONY: month
month: all ## a generated span of days, played: views, deadlines, stations and triggers are what gen says (MONTH_DAYS=30 MONTH_RATE=20000 MONTH_STEP=10m)
	@CITYBRAIN_BIN=$(abspath $(B)) MONTH_DAYS=$(MONTH_DAYS) MONTH_RATE=$(MONTH_RATE) MONTH_STEP=$(MONTH_STEP) /usr/bin/python3 tests/proof/month.py
