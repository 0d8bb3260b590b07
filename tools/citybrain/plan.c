/* SPDX-License-Identifier: Apache-2.0 */
/* The rate is kept over the whole: what a pause of the brokers took is caught up. */
#include "citybrain/plan.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "citybrain/verb.h"

#define SHOW_MS 200

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool plan_option(struct plan *plan, int option, const char *value, int *status)
{
    *status = VERB_OK;
    switch (option) {
    case 'X': plan->execute = true; return true;
    case 'A': plan->who = value; return true;
    case 'R': plan->reason = value; return true;
    case 'P': plan->expected = value; return true;
    case 'T':
        if (!span_to_int64(span_of(value), &plan->rate) || plan->rate < 0)
            *status = verb_usage(plan->verb, "--rate \"%s\" is no number of records", value);
        return true;
    default: return false;
    }
}

int plan_check(const struct plan *plan)
{
    bool known = plan->who && plan->who[0] && plan->reason && plan->reason[0];
    return !plan->execute || known
               ? VERB_OK
               : verb_usage(plan->verb, "--execute needs --as NAME and --reason TEXT: they stand "
                                        "in audit");
}

void plan_add(struct plan *plan, const char *name, struct span value)
{
    if (plan->argument_count < PLAN_ARGUMENTS)
        plan->arguments[plan->argument_count++] = (struct audit_argument){name, value};
}

void plan_sign(struct plan *plan, struct span text)
{
    digest_bytes(plan->hash, text);
}

static bool write_audit(const struct plan *plan, const char *outcome, struct error *error)
{
    return audit_write(plan->settings,
                       &(struct audit_entry){.who = span_of(plan->who),
                                             .reason = span_of(plan->reason),
                                             .verb = plan->verb,
                                             .outcome = span_of(outcome),
                                             .arguments = plan->arguments,
                                             .argument_count = plan->argument_count},
                       error);
}

int plan_begin(struct plan *plan, int64_t total)
{
    struct error error = {0};
    if (plan->expected && !plan->resumed && strcmp(plan->expected, plan->hash) != 0) {
        fprintf(stderr,
                "citybrain %s: nothing is done: the plan is now %s and not %s; fix: read it "
                "again, then name it\n",
                plan->verb, plan->hash, plan->expected);
        return VERB_FAILED;
    }
    plan_add(plan, "plan", span_of(plan->hash));
    if (!write_audit(plan, plan->resumed ? "resumed" : "intended", &error)) {
        fprintf(stderr,
                "citybrain %s: nothing is done: it cannot be audited: %s; fix: start the brokers, "
                "citybrain topics apply\n",
                plan->verb, error.text);
        return VERB_UNAVAILABLE;
    }
    plan->total = total;
    plan->began_ms = now_ms();
    progress_begin(&plan->progress, plan->verb, total);
    return VERB_OK;
}

static void show(struct plan *plan, int64_t done)
{
    char note[64];
    snprintf(note, sizeof note, "%lld of %lld", (long long)done, (long long)plan->total);
    progress_show(&plan->progress, done, note);
}

void plan_step(struct plan *plan, int64_t done)
{
    int64_t passed_ms = now_ms() - plan->began_ms;
    int64_t due_ms = plan->rate ? done * 1000 / plan->rate : 0;
    if (due_ms > passed_ms) {
        int64_t wait_ms = due_ms - passed_ms;
        struct timespec pause = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
        (void)nanosleep(&pause, NULL);
        passed_ms = now_ms() - plan->began_ms;
    }
    if (passed_ms < plan->shown_ms + SHOW_MS && done < plan->total)
        return;
    plan->shown_ms = passed_ms;
    show(plan, done);
}

int plan_end(struct plan *plan, const char *outcome, const char *note)
{
    struct error error = {0};
    progress_end(&plan->progress, note);
    if (write_audit(plan, outcome, &error))
        return VERB_OK;
    fprintf(stderr, "citybrain %s: its end is not in audit: %s\n", plan->verb, error.text);
    return VERB_UNAVAILABLE;
}
