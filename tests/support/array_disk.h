/* SPDX-License-Identifier: Apache-2.0 */
/* A disk for shelves (router/core/shelf.h) that is an array, its boards so small that a few sets
 * fill one. */
#pragma once

#include <assert.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "router/core/shelf.h"

#define ARRAY_DISK_BOARD ((size_t)1 << 10)
#define ARRAY_DISK_MOST  8192

static struct {
    char *boards[ARRAY_DISK_MOST];
    uint32_t used;
    uint32_t room; /* boards it takes; 0 = all */
    jmp_buf *lost; /* where a test goes on that spoiled a board; NULL = none did */
} array_disk_state;

static bool array_disk_write(void *context, const char *board, uint32_t *number)
{
    (void)context;
    if (array_disk_state.used >= (array_disk_state.room ? array_disk_state.room : ARRAY_DISK_MOST))
        return false;
    for (*number = 0; array_disk_state.boards[*number];)
        ++*number;
    array_disk_state.boards[*number] = xmalloc(ARRAY_DISK_BOARD);
    memcpy(array_disk_state.boards[*number], board, ARRAY_DISK_BOARD);
    array_disk_state.used++;
    return true;
}

static void array_disk_read(void *context, uint32_t number, size_t from, char *to, size_t len)
{
    (void)context;
    assert(array_disk_state.boards[number] && from + len <= ARRAY_DISK_BOARD);
    memcpy(to, array_disk_state.boards[number] + from, len);
}

static void array_disk_release(void *context, uint32_t number)
{
    (void)context;
    free(array_disk_state.boards[number]);
    array_disk_state.boards[number] = NULL;
    array_disk_state.used--;
}

static void array_disk_spoiled(void *context, uint32_t number)
{
    (void)context;
    if (!array_disk_state.lost)
        abort();
    longjmp(*array_disk_state.lost, 1 + (int)number);
}

static const struct shelf_disk array_disk = {
    array_disk_write, array_disk_read, array_disk_release, array_disk_spoiled, NULL,
    ARRAY_DISK_BOARD};
