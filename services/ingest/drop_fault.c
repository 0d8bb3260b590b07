/* SPDX-License-Identifier: Apache-2.0 */
/* The table's three columns. */
#include "ingest/drop_fault.h"

static const char *const names[] = {
#define DROP_FAULT_NAME(id, name, zh, en) [DROP_FAULT_##id] = (name),
    DROP_FAULT_TABLE(DROP_FAULT_NAME)
#undef DROP_FAULT_NAME
};
static const char *const chinese[] = {
#define DROP_FAULT_ZH(id, name, zh, en) [DROP_FAULT_##id] = (zh),
    DROP_FAULT_TABLE(DROP_FAULT_ZH)
#undef DROP_FAULT_ZH
};
static const char *const english[] = {
#define DROP_FAULT_EN(id, name, zh, en) [DROP_FAULT_##id] = (en),
    DROP_FAULT_TABLE(DROP_FAULT_EN)
#undef DROP_FAULT_EN
};

const char *drop_fault_name(enum drop_fault fault)
{
    return names[fault];
}

const char *drop_fault_chinese(enum drop_fault fault)
{
    return chinese[fault];
}

const char *drop_fault_english(enum drop_fault fault)
{
    return english[fault];
}
