/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/notify.h"

/* A supervisor's socket of that name, '@' for the abstract namespace. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&address, size), 0);
    return fd;
}

static void expect(int fd, const char *wanted)
{
    char got[64];
    ssize_t len = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    assert_int_equal(len, strlen(wanted));
    got[len] = '\0';
    assert_string_equal(got, wanted);
}

static void sends_one_datagram_to_a_path(void **state)
{
    char directory[] = "/tmp/notify_XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    int fd = listen_at(path);
    setenv("NOTIFY_SOCKET", path, 1);
    notify_send("READY=1");
    notify_send("STOPPING=1");
    unlink(path);
    rmdir(directory);
    expect(fd, "READY=1");
    expect(fd, "STOPPING=1");
    close(fd);
}

static void reaches_abstract_sockets(void **state)
{
    char name[64];
    (void)state;
    snprintf(name, sizeof name, "@notify-test-%d", (int)getpid());
    int fd = listen_at(name);
    setenv("NOTIFY_SOCKET", name, 1);
    notify_send("WATCHDOG=1");
    expect(fd, "WATCHDOG=1");
    close(fd);
}

static void survives_a_supervisor_that_is_not_there(void **state)
{
    char longer[300];
    (void)state;
    memset(longer, '/', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const char *const names[] = {"/nonexistent/socket", "", "relative", longer};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        notify_send("READY=1");
    }
    unsetenv("NOTIFY_SOCKET");
    notify_send("READY=1");
}

static void beats_twice_in_the_supervisors_time(void **state)
{
    (void)state;
    unsetenv("WATCHDOG_USEC");
    assert_int_equal(notify_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "3000000", 1);
    assert_int_equal(notify_watchdog_ms(), 1500);
    setenv("WATCHDOG_USEC", "soon", 1);
    assert_int_equal(notify_watchdog_ms(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_one_datagram_to_a_path),
        cmocka_unit_test(reaches_abstract_sockets),
        cmocka_unit_test(survives_a_supervisor_that_is_not_there),
        cmocka_unit_test(beats_twice_in_the_supervisors_time),
    };
    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
