# citybrain: one non-recursive Makefile. Sources by wildcard per room; objects under $(OUT)/$(VARIANT)/.
# `make help` lists the targets.

OUT     ?= build
VARIANT ?= debug
B       := $(OUT)/$(VARIANT)
SHARED  ?= $(wildcard ../shared)

CC      ?= gcc
AR      ?= ar
PKGS    := rdkafka libpq libuv yajl yaml-0.1 libmicrohttpd libcrypto libcurl zlib libxxhash
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum \
           -Wvla -Wformat=2 -Wundef -Wwrite-strings -Wcast-qual -fno-common $(if $(CI),-Werror)
CPPFLAGS := -D_GNU_SOURCE -Icommon -Iservices -Itools -I$(OUT)/generated $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CFLAGS_debug   := -O1 -g -DCITYBRAIN_FAILPOINTS
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE
CFLAGS_asan    := -O1 -g -DCITYBRAIN_FAILPOINTS -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS_tsan    := -O1 -g -DCITYBRAIN_FAILPOINTS -fsanitize=thread
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
# Static, or gcc's UBSan does not know of ASan's log_path and its reports are lost on stderr.
LDFLAGS_asan   := -fsanitize=address,undefined $(if $(findstring clang,$(CC)),,-static-libasan -static-libubsan)
LDFLAGS_fuzz   := -fsanitize=fuzzer,address,undefined
LDFLAGS_tsan   := -fsanitize=thread
CFLAGS  := -std=c17 $(WARN) $(CFLAGS_$(VARIANT))
LDFLAGS := $(LDFLAGS_$(VARIANT))

LIBS_PURE := -lyaml -lyajl -lxxhash -lcrypto -lm
LIBS_FULL := -lrdkafka -lpq -luv -lmicrohttpd $(LIBS_PURE) -lpthread
LIBS_CLI  := -lcurl -lz $(LIBS_FULL)

SERVICES := ingest router aggregator
PURE_SRC  := $(wildcard common/base/*.c common/config/*.c common/model/*.c)
SHELL_SRC := $(wildcard common/daemon/*.c common/kafka/*.c common/postgres/*.c)
CORE_SRC  := $(foreach s,$(SERVICES),$(wildcard services/$(s)/core/*.c))
GEN_SRC   := $(wildcard tools/gen/*.c)
CLI_SRC   := $(wildcard tools/citybrain/*.c)
ALL_SRC   := $(PURE_SRC) $(SHELL_SRC) $(CORE_SRC) $(GEN_SRC) $(CLI_SRC) $(foreach s,$(SERVICES),$(wildcard services/$(s)/*.c services/$(s)/store/*.c))
obj = $(patsubst %.c,$(B)/%.o,$(1))

BINARIES := $(foreach s,$(SERVICES),$(if $(wildcard services/$(s)/main.c),$(B)/citybrain-$(s))) \
            $(if $(wildcard tools/citybrain/main.c),$(B)/citybrain)
BENCHES  := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))

PURE_ROOMS := base config model gen $(SERVICES)
UNIT_PURE := $(foreach r,$(PURE_ROOMS),$(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit/$(r)/test_*.c)))
UNIT_FULL := $(foreach r,daemon kafka postgres,$(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit/$(r)/test_*.c)))
UNIT_TOOLS := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit/tools/test_*.c))
FUZZ      := $(filter-out fuzz replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
FUZZ_UNIT := $(FUZZ:%=$(B)/tests/fuzz/%)
COMPONENT := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/component/test_*.c))

.PHONY: all help clean unit component golden e2e test up demo stop lint format docs
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BINARIES) $(BENCHES) ## build the daemons, the command and the bench programs
.PHONY: programs
programs: $(BINARIES)

help: ## list the targets
	@awk -F':[^#]*## ' '/^[a-z0-9_-]+:.*## / { \
	    room = FILENAME ~ /local/ || $$1 ~ /^(up|demo|stop)$$/ ? "run" : FILENAME ~ /package/ ? "install" : FILENAME !~ /tests/ ? "build and test" : \
	        $$1 ~ /bench/ ? "measure" : "prove"; said[room] = said[room] sprintf("  %-17s %s\n", $$1, $$2) } \
	  END { n = split("run,build and test,prove,measure,install", rooms, ","); \
	    for (i = 1; i <= n; i++) printf("%s%s:\n%s", (i > 1) ? "\n" : "", rooms[i], said[rooms[i]]) }' $(wildcard $(MAKEFILE_LIST))

# One short line a step; V=1 shows the commands.
Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-4s %s\n' $(1) $(patsubst $(B)/%,%,$@))

# Tables that our own programs write from rules: the same for every variant.
GENERATED := $(OUT)/generated/base/gb18030_table.h
$(OUT)/generated/base/%.h: tools/tables/%.c
	@mkdir -p $(@D)
	$(call say,GEN)
	$(Q)$(CC) -std=c17 $(WARN) -D_GNU_SOURCE -O1 $< -o $(OUT)/generated/$* && $(OUT)/generated/$* >$@

$(B)/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/libpure.a: $(call obj,$(PURE_SRC))
	@rm -f $@; $(AR) rcs $@ $^
$(B)/libgen.a: $(call obj,$(GEN_SRC))
	@rm -f $@; $(AR) rcs $@ $^
$(B)/libshell.a: $(call obj,$(SHELL_SRC))
	@rm -f $@; $(AR) rcs $@ $^
define service_libraries
$(B)/libcore_$(1).a: $(call obj,$(wildcard services/$(1)/core/*.c))
	@mkdir -p $$(@D); rm -f $$@; $(AR) rcs $$@ $$^
$(B)/libservice_$(1).a: $(call obj,$(filter-out %/main.c,$(wildcard services/$(1)/*.c services/$(1)/store/*.c)))
	@mkdir -p $$(@D); rm -f $$@; $(AR) rcs $$@ $$^
$(B)/citybrain-$(1): $(B)/services/$(1)/main.o $(B)/libservice_$(1).a $(B)/libcore_$(1).a $(B)/libshell.a $(B)/libpure.a
	$$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) $$^ $(LIBS_FULL) -o $$@
endef
$(foreach s,$(SERVICES),$(eval $(call service_libraries,$(s))))
CORE_LIBS := $(foreach s,$(SERVICES),$(B)/libcore_$(s).a)
SERVICE_LIBS := $(foreach s,$(SERVICES),$(B)/libservice_$(s).a)

$(B)/citybrain: $(call obj,$(CLI_SRC)) $(B)/libgen.a $(CORE_LIBS) $(B)/libshell.a $(B)/libpure.a
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_CLI) -o $@

# The command's own nouns, for their tests.
$(B)/libcli.a: $(call obj,$(filter-out %/main.c,$(CLI_SRC)))
	@rm -f $@; $(AR) rcs $@ $^
$(UNIT_TOOLS): $(B)/tests/%: $(B)/tests/%.o $(B)/libcli.a $(B)/libgen.a $(CORE_LIBS) $(B)/libshell.a $(B)/libpure.a
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_CLI) -lcmocka -o $@

# Pure rooms link without librdkafka, libpq and libuv: a breach of the layers fails here, at link time.
$(UNIT_PURE): $(B)/tests/%: $(B)/tests/%.o $(B)/libgen.a $(CORE_LIBS) $(B)/libpure.a
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_PURE) -lcmocka -o $@
$(UNIT_FULL) $(COMPONENT): $(B)/tests/%: $(B)/tests/%.o $(SERVICE_LIBS) $(CORE_LIBS) $(B)/libshell.a $(B)/libpure.a
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_FULL) -lcmocka -o $@
$(FUZZ_UNIT): $(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(CORE_LIBS) $(B)/libshell.a $(B)/libpure.a
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_FULL) -o $@
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(CORE_LIBS) $(B)/libshell.a $(B)/libpure.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_FULL) -o $@
$(B)/bench/%: $(B)/tests/bench/%.o $(CORE_LIBS) $(B)/libshell.a $(B)/libpure.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS_FULL) -o $@

unit: $(UNIT_PURE) $(UNIT_FULL) $(UNIT_TOOLS) $(FUZZ_UNIT) ## C unit tests, no broker and no database
	@tests/support/run_c_tests unit $^
component: $(COMPONENT) ## one room over librdkafka's mock cluster, or on a PostgreSQL of its own
	@tests/support/run_c_tests component $^

golden: all ## configuration and mappings, and what `citybrain try` makes of them; no broker
	@CITYBRAIN_BIN=$(abspath $(B)) tests/support/run_pytest golden tests/golden
e2e: all ## real Kafka and PostgreSQL
	@CITYBRAIN_BIN=$(abspath $(B)) tests/support/run_pytest e2e tests/e2e
test: deps deps-dev all ## everything, with one closing count
	@tests/run

# As many compilers as processors, where nobody said how many.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
up: deps ## start Kafka, PostgreSQL and the daemons; nothing is fed
	@$(MAKE) --no-print-directory $(JOBS) VARIANT=release programs
	@deploy/local/up
demo: deps ## make up, and feed a generated day that ends now (DEMO_EVENTS=20000)
	@$(MAKE) --no-print-directory $(JOBS) VARIANT=release programs
	@deploy/local/demo
stop: ## stop everything that was started here
	@deploy/local/daemons stop; deploy/local/parts stop

docs: $(B)/citybrain ## pages that are made of the program's own tables
	@$(B)/citybrain reasons --markdown >docs/rejects.md
	@/usr/bin/python3 tools/docs/feeds.py
	@/usr/bin/python3 tools/docs/metrics.py
	@/usr/bin/python3 tools/docs/dashboards.py
format: ## let clang-format decide
	clang-format -i $(shell git ls-files '*.c' '*.h')
clean: ## forget everything built
	rm -rf $(OUT)

-include deploy/local/local.mk
-include deploy/package/install.mk
-include tests/tests.mk
-include $(patsubst %.o,%.d,$(call obj,$(ALL_SRC))) $(wildcard $(B)/tests/*/*.d $(B)/tests/*/*/*.d)
