/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle's name stands for all that deciding reads, and for nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "model/bundle_hash.h"
#include "router/core/rule_bundle.h"

static struct codes *codes;
static struct kinds *kinds;
static char folder[64];

static int load(void **state)
{
    (void)state;
    struct diagnostics *diagnostics = diagnostics_new();
    codes = codes_load("config/codes.csv", diagnostics);
    kinds = codes ? kinds_load("config/kinds", codes, diagnostics) : NULL;
    diagnostics_free(diagnostics);
    return kinds ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    kinds_free(kinds);
    codes_free(codes);
    return 0;
}

/* A line of shell; $D is the copy. */
static void run(const char *line)
{
    char command[512];
    snprintf(command, sizeof command, "D=%s; %s", folder, line);
    assert_int_equal(system(command), 0);
}

static int copy(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/citybrain-bundle-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    run("cp -r config/rules config/triggers config/registries $D");
    return 0;
}

static int forget(void **state)
{
    (void)state;
    run("rm -r $D");
    return 0;
}

static void hash_of(char hash[DIGEST_ID_LEN + 1], const char *config_dir)
{
    struct diagnostics *diagnostics = diagnostics_new();
    assert_true(bundle_hash(hash, config_dir, diagnostics));
    diagnostics_free(diagnostics);
}

static void the_name_is_of_the_bytes_wherever_they_lie(void **state)
{
    (void)state;
    char here[DIGEST_ID_LEN + 1], there[DIGEST_ID_LEN + 1];
    hash_of(here, "config");
    hash_of(there, folder);
    assert_string_equal(here, there);
}

static void every_file_that_deciding_reads_is_of_the_name(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "echo '# a comment' >> $D/rules/dispatch.yaml",
        "echo '# a comment' >> $D/registries/divisions.csv",
        "echo '# a comment' >> $D/registries/units.csv",
        "echo '# a comment' >> $D/registries/request_types.csv",
        "echo '# a comment' >> $D/registries/calendar.csv",
        "echo 'trigger: new' > $D/triggers/new.yaml",
        "mv $D/triggers/new.yaml /tmp/citybrain-moved.yaml",
    };
    char names[ARRAY_LENGTH(changes) + 1][DIGEST_ID_LEN + 1];
    hash_of(names[0], folder);
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        run(changes[i]);
        hash_of(names[i + 1], folder);
        assert_string_not_equal(names[i], names[i + 1]);
    }
    /* and it is the old name again where the last change was taken back */
    assert_string_equal(names[ARRAY_LENGTH(changes)], names[ARRAY_LENGTH(changes) - 2]);
    remove("/tmp/citybrain-moved.yaml");
}

static void text_that_moves_from_one_file_to_another_is_a_change(void **state)
{
    (void)state;
    char one[DIGEST_ID_LEN + 1], other[DIGEST_ID_LEN + 1];
    run("printf 'ab' > $D/triggers/x.yaml");
    run("printf 'c' > $D/triggers/y.yaml");
    hash_of(one, folder);
    run("printf 'a' > $D/triggers/x.yaml");
    run("printf 'bc' > $D/triggers/y.yaml");
    hash_of(other, folder);
    assert_string_not_equal(one, other);
}

static void golden_cases_and_other_files_are_not_of_the_name(void **state)
{
    (void)state;
    char before[DIGEST_ID_LEN + 1], after[DIGEST_ID_LEN + 1];
    hash_of(before, folder);
    run("mkdir -p $D/rules/cases/new");
    run("touch $D/rules/cases/new/input.yaml");
    run("touch $D/rules/dispatch.yaml.swp");
    run("touch $D/registries/.hidden.csv");
    hash_of(after, folder);
    assert_string_equal(before, after);
}

static void a_good_bundle_is_named_as_its_folder(void **state)
{
    (void)state;
    char hash[DIGEST_ID_LEN + 1];
    struct rule_bundle bundle;
    struct diagnostics *diagnostics = diagnostics_new();
    assert_true(rule_bundle_load(&bundle, folder, kinds, diagnostics));
    hash_of(hash, folder);
    assert_string_equal(bundle.hash, hash);
    rule_bundle_fini(&bundle);
    diagnostics_free(diagnostics);
}

static void one_slip_in_the_rules_refuses_the_whole_and_says_where(void **state)
{
    (void)state;
    struct rule_bundle bundle;
    struct error error = {0};
    struct diagnostics *diagnostics = diagnostics_new();
    run("printf '  - id: slip\\n    then: { to: dsek, say: x }\\n' >> $D/rules/dispatch.yaml");
    assert_false(rule_bundle_load(&bundle, folder, kinds, diagnostics));
    assert_false(diagnostics_to_error(diagnostics, &error));
    assert_non_null(strstr(error.text, "rules/dispatch.yaml:"));
    assert_non_null(strstr(error.text, "dsek"));
    rule_bundle_fini(&bundle);
    diagnostics_free(diagnostics);
}

static void a_file_that_is_not_there_refuses_the_whole(void **state)
{
    (void)state;
    struct rule_bundle bundle;
    struct error error = {0};
    struct diagnostics *diagnostics = diagnostics_new();
    run("rm $D/registries/units.csv");
    assert_false(rule_bundle_load(&bundle, folder, kinds, diagnostics));
    assert_false(diagnostics_to_error(diagnostics, &error));
    assert_non_null(strstr(error.text, "registries/units.csv"));
    rule_bundle_fini(&bundle);
    diagnostics_free(diagnostics);
}

#define IN_A_COPY(test) cmocka_unit_test_setup_teardown(test, copy, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_COPY(the_name_is_of_the_bytes_wherever_they_lie),
        IN_A_COPY(every_file_that_deciding_reads_is_of_the_name),
        IN_A_COPY(text_that_moves_from_one_file_to_another_is_a_change),
        IN_A_COPY(golden_cases_and_other_files_are_not_of_the_name),
        IN_A_COPY(a_good_bundle_is_named_as_its_folder),
        IN_A_COPY(one_slip_in_the_rules_refuses_the_whole_and_says_where),
        IN_A_COPY(a_file_that_is_not_there_refuses_the_whole),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
