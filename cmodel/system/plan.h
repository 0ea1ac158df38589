// SPDX-License-Identifier: Apache-2.0
/* Which layer goes to which system, with which settings. A plan is a list of entries, of which the last that
 * matches a layer wins; a layer that none matches is the host's.
 *
 * On the command line an entry is PATTERN=SYSTEM[,NAME=VALUE]..., as in ffn*=hyflex,cell=2; a pattern is the
 * shell's, and the word attn is what the system has for it, if anything: attn=hyflex is
 * *=hyflex,digital=module. A file is {"place": [{"layers": PATTERN, "system": SYSTEM, "settings": {NAME:
 * VALUE}}]}. Settings of an entry come before those of its system as a whole (hyflex.cell). */
#ifndef PM_SYSTEM_PLAN_H
#define PM_SYSTEM_PLAN_H

#include "system/system.h"

#define PM_PLAN_ENTRIES 256
#define PM_MAX_SYSTEMS  16

struct pm_plan_entry {
    char pattern[64];
    const struct pm_system *system;
    struct pm_settings *settings; /**< those given are the entry's own; NULL: the system has none */
    bool given;                   /**< by the user: it must match something */
};

struct pm_plan {
    struct pm_plan_entry entry[PM_PLAN_ENTRIES];
    unsigned entries;
    struct pm_settings *all[PM_MAX_SYSTEMS + 1]; /**< of each system as a whole, ended by NULL */
};

/** Zeroes *p and gives it all systems' settings at their defaults. PM_ENOMEM. */
pm_status pm_plan_new(struct pm_plan *p);
/** A zeroed plan is accepted. */
void pm_plan_free(struct pm_plan *p);
/** PM_ENOMEM; then *to is empty. */
pm_status pm_plan_copy(struct pm_plan *to, const struct pm_plan *from);

/** Adds "PATTERN=SYSTEM,NAME=VALUE". PM_EINVAL, PM_ERANGE, PM_ENOMEM. */
pm_status pm_plan_place(struct pm_plan *p, const char *text, bool given, struct pm_error *e);
/** Replaces the entries that the user did not give, which are the first, by "PLACE PLACE". */
pm_status pm_plan_default(struct pm_plan *p, const char *text, struct pm_error *e);
/** Adds "WORD WORD": places, where the text before = is no setting's name; settings of systems otherwise. */
pm_status pm_plan_override(struct pm_plan *p, const char *text, struct pm_error *e);
/** Replaces the entries by those of a JSON object, or of a file. */
pm_status pm_plan_read(struct pm_plan *p, const struct cJSON *root, const char *where, struct pm_error *e);
pm_status pm_plan_load(struct pm_plan *p, const char *path, struct pm_error *e);

/** The entry that places node number `node` of g; NULL: the host. An attention is placed as a whole where its
 * entry's system takes that and none of its matrices is placed by a later one; else NULL.  */
const struct pm_plan_entry *pm_plan_of(const struct pm_plan *p, const struct pm_graph *g, unsigned node);
/** The effective settings of an entry: the caller frees them. NULL: out of memory. */
struct pm_settings *pm_plan_settings(const struct pm_plan *p, const struct pm_plan_entry *entry);
/** Whether the plan uses a system, in this network. */
bool pm_plan_uses(const struct pm_plan *p, const struct pm_graph *g, const struct pm_system *system);

/** Refuses a given pattern that no layer matches which its system takes; a matrix whose system takes whole
 * attentions; settings of an entry that do not apply; with `rtl`, values that have no RTL. */
pm_status pm_plan_check(const struct pm_plan *p, const struct pm_graph *g, bool rtl, struct pm_error *e);
/** Refuses settings of systems as a whole that are given and apply in none of the plans, as NAME tells. */
pm_status pm_plans_check(const struct pm_plan *const plans[], size_t count, const struct pm_graph *g,
                         struct pm_error *e);
/** Whether anything is drawn. */
bool pm_plan_draws(const struct pm_plan *p, const struct pm_graph *g);

/** The entries as text, "attn*=flare ffn*=hyflex,cell=2"; as results, in the form of a file. */
void pm_plan_print(const struct pm_plan *p, FILE *f);
void pm_plan_results(const struct pm_plan *p, struct pm_results *r);

#endif
