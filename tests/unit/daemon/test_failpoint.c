/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "daemon/failpoint.h"

#ifdef CITYBRAIN_FAILPOINTS

static void does_nothing_where_nothing_is_said(void **state)
{
    (void)state;
    assert_true(failpoint_load(""));
    assert_false(failpoint("a.b"));
}

static void fails_from_the_pass_after_n_on(void **state)
{
    (void)state;
    assert_true(failpoint_load("a.b:error:2, a.c:error"));
    assert_false(failpoint("a.b"));
    assert_false(failpoint("a.b"));
    assert_true(failpoint("a.b"));
    assert_true(failpoint("a.b"));
    assert_true(failpoint("a.c"));
    assert_false(failpoint("a.d"));
}

static void refuses_what_it_cannot_read(void **state)
{
    static const char *const bad[] = {"a",          ":error",     "a:",         "a:err",
                                      "a:error:",   "a:error:x",  "a:error:-1", "a:sleep",
                                      "a:sleep=",   "a:sleep=x",  "a:error,",   "a:error,,b:error",
                                      "a:sleep=-1", "a:error:1:2"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        bool trailing_comma = strcmp(bad[i], "a:error,") == 0;
        assert_int_equal(failpoint_load(bad[i]), trailing_comma);
        if (!trailing_comma)
            assert_false(failpoint("a"));
    }
}

static void sleeps(void **state)
{
    struct timespec begin, end;
    (void)state;
    assert_true(failpoint_load("a:sleep=30"));
    clock_gettime(CLOCK_MONOTONIC, &begin);
    assert_false(failpoint("a"));
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_true((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000 >= 29);
}

static void ends_the_process_as_kill_does(void **state)
{
    int status;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        failpoint_load("a:exit:1");
        failpoint("a");
        failpoint("a");
        _exit(0);
    }
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void stops_once(void **state)
{
    int status;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        failpoint_load("a:stop");
        failpoint("a");
        failpoint("a");
        _exit(7);
    }
    waitpid(child, &status, WUNTRACED);
    assert_true(WIFSTOPPED(status));
    kill(child, SIGCONT);
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* Runs this program again, as the environment is read once. */
static int status_with(const char *text)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        setenv("CITYBRAIN_FAILPOINTS", text, 1);
        execl("/proc/self/exe", "failpoint", "child", (char *)NULL);
        _exit(127);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void reads_the_environment_or_leaves(void **state)
{
    (void)state;
    assert_int_equal(status_with("child:error"), 1);
    assert_int_equal(status_with("other:error"), 0);
    assert_int_equal(status_with("child:eror"), EX_CONFIG);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "child") == 0)
        return failpoint("child");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_nothing_where_nothing_is_said),
        cmocka_unit_test(fails_from_the_pass_after_n_on),
        cmocka_unit_test(refuses_what_it_cannot_read),
        cmocka_unit_test(sleeps),
        cmocka_unit_test(ends_the_process_as_kill_does),
        cmocka_unit_test(stops_once),
        cmocka_unit_test(reads_the_environment_or_leaves),
    };
    return cmocka_run_group_tests_name("failpoint", tests, NULL, NULL);
}

#else

static void is_nothing_in_a_build_without_it(void **state)
{
    (void)state;
    setenv("CITYBRAIN_FAILPOINTS", "a:error", 1);
    assert_false(failpoint("a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_nothing_in_a_build_without_it)};
    return cmocka_run_group_tests_name("failpoint", tests, NULL, NULL);
}

#endif
