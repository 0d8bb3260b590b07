# make install (DESTDIR, PREFIX), man pages, a Debian package, and what systemd thinks of the units.
PREFIX     ?= /usr/local
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
UNITDIR    ?= $(if $(filter /usr,$(PREFIX)),/lib/systemd/system,$(PREFIX)/lib/systemd/system)
VERSION    := $(shell sed -n 's/.*CITYBRAIN_VERSION "\(.*\)".*/\1/p' common/daemon/version.h)
R          := $(OUT)/release
MAN        := $(OUT)/man
SHARE      = $(DESTDIR)$(PREFIX)/share/citybrain
INSTALL    ?= install

.PHONY: man install deb package-proof lint-systemd
man: programs ## man pages out of --help (build/man; man -l build/man/citybrain.1)
	@rm -rf $(MAN) && mkdir -p $(MAN)
	@/usr/bin/python3 tools/docs/man.py $(abspath $(B)) $(MAN)

install: ## release programs, man pages, completion, units, the release's files (DESTDIR=, PREFIX=/usr/local)
	@$(MAKE) --no-print-directory VARIANT=release programs man
	@for name in citybrain citybrain-ingest citybrain-router citybrain-aggregator; do \
	    $(INSTALL) -D -m 755 $(R)/$$name $(DESTDIR)$(PREFIX)/bin/$$name || exit 1; \
	done
	@deploy/package/tree config $(SHARE)/config
	@deploy/package/tree tools/init $(SHARE)/init
	@deploy/package/tree tools/verify $(SHARE)/verify
	@deploy/package/tree services/aggregator/sql $(SHARE)/sql
	@deploy/package/tree web $(SHARE)/web
	@deploy/package/tree docs $(DESTDIR)$(PREFIX)/share/doc/citybrain
	@deploy/package/tree tools/clients $(DESTDIR)$(PREFIX)/share/doc/citybrain/clients
	@deploy/package/tree deploy/prometheus $(SHARE)/prometheus
	@if [ -r .run/web/echarts.min.js ]; then $(INSTALL) -m 644 .run/web/echarts.min.js $(SHARE)/echarts.min.js; fi
	@for page in $(MAN)/*.[18]; do \
	    $(INSTALL) -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit 1; \
	done
	@mkdir -p $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions
	@$(R)/citybrain completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/citybrain
	@$(R)/citybrain completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_citybrain
	@for unit in deploy/systemd/*.service deploy/systemd/*.timer; do \
	    mkdir -p $(DESTDIR)$(UNITDIR); \
	    sed -e 's|/usr/bin/|$(PREFIX)/bin/|g' -e 's|/etc/citybrain|$(SYSCONFDIR)/citybrain|g' $$unit >$(DESTDIR)$(UNITDIR)/$${unit##*/} || exit 1; \
	done
	@$(INSTALL) -D -m 644 deploy/systemd/citybrain.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/citybrain.conf
	@echo "installed below $(DESTDIR)$(PREFIX); next: citybrain init $(SYSCONFDIR)/citybrain"

deb: ## a Debian package of the release programs: build/deb/citybrain_<version>_<architecture>.deb
	@rm -rf $(OUT)/deb && mkdir -p $(OUT)/deb
	@$(MAKE) --no-print-directory PREFIX=/usr DESTDIR=$(abspath $(OUT))/deb/root install
	@OUT=$(OUT) VERSION=$(VERSION) deploy/package/deb

package-proof: deb ## the package unpacked into an empty folder, and used from there: init, check, test, man, completion, units
	@deploy/package/proof $(OUT)/deb/citybrain_$(VERSION)_*.deb

lint-systemd: ## what systemd-analyze says of the units: their syntax, and an exposure of at most 1.5
	@deploy/package/units deploy/systemd/*.service deploy/systemd/*.timer
