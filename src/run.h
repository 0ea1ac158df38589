// SPDX-License-Identifier: Apache-2.0
/* `perimeter run`: what its parts share. */
#ifndef PM_RUN_H
#define PM_RUN_H

#include "fileio.h"
#include "io/results.h"
#include "net/network.h"
#include "run_classes.h"
#include "run_fidelity.h"
#include "twin.h"
#include "words.h"

#include <limits.h>

enum pm_engine { PM_ENGINE_GOLDEN, PM_ENGINE_RTL, PM_ENGINE_BOTH };

/** Settings of a run; those of systems have lists of their own. */
extern const struct pm_setting_list pm_run_settings;

/** The last images of the training set, in memory once a pass asked for them: candidates are judged by the
 * same ones. */
struct pm_run_held {
    unsigned count;
    bool labelled;
    size_t item; /**< bytes of an image */
    uint8_t *pixels;
    unsigned *label;
};
void pm_run_held_free(struct pm_run_held *h);

struct pm_run_job {
    const char *model; /**< as given */
    const char *data, *pairs, *config, *summary;
    const char *prompt;    /**< a decoder goes on from it */
    bool quiet;            /**< and says nothing else */
    const char *replay;    /**< where a difference's tensors go; NULL: nowhere */
    char folder[PATH_MAX]; /**< of the model */
    unsigned column[2];    /**< of the sentences in `pairs`, from 1; 0: the first two but the score's */
    unsigned score_column; /**< from 1; 0: none */
    bool header;           /**< the first line of `pairs` is none */
    struct pm_settings *settings;
    struct pm_plan plan;
    struct pm_error error;
    struct pm_network network;
    struct pm_words words; /**< of a decoder */
    struct pm_run_held held;
};

/** Defaults: settings, and a plan that is the network's own once that is loaded: attentions on flare; all
 * matrices of a network that has none on int8. */
pm_status pm_run_begin(struct pm_run_job *j);
void pm_run_end(struct pm_run_job *j);
/** The network in the folder that j->model names, of the type that the run takes. */
pm_status pm_run_load_network(struct pm_run_job *j);
/** Refuses a plan (the first) and settings that contradict themselves or have no effect, in the given plans
 * together. `drawn`: something is drawn elsewhere, so that a seed is of use. */
pm_status pm_run_check(struct pm_run_job *j, const struct pm_plan *const plans[], size_t count, bool drawn);
unsigned pm_run_threads(const struct pm_run_job *j);
/** "WHAT: DONE of TOTAL, N s left" on a terminal; one pass at a time. */
void pm_run_progress(const char *what, unsigned done, unsigned total);

/** A placement of j's network, settled on the first inputs where it asks for that. */
pm_status pm_run_place(struct pm_run_job *j, const struct pm_plan *plan, struct pm_placement **p);

#define PM_RUN_VARIANTS 64
/** All systems' variants of a use, after "as configured" where `use` is not of RTL: how many. */
unsigned pm_run_variants(enum pm_variant_use use, struct pm_variant variant[PM_RUN_VARIANTS]);
/** The plan with a variant. PM_EMODE: it makes no difference in this network. */
pm_status pm_run_vary(struct pm_run_job *j, const char *text, struct pm_plan *plan);
const char *pm_run_variant_name(const struct pm_variant *v);

/* ---- images ---- */

/** One pass over the first `images` images (0: all). */
struct pm_run_pass {
    const char *what;
    const struct pm_plan *plan;
    unsigned images;
    bool as_float; /**< on the host alone, as well */
    /** Of the whole network; or of each layer alone, of float's inputs, in the first images. */
    enum pm_run_fidelity {
        PM_FIDELITY_NEVER,
        PM_FIDELITY_UNLABELLED,
        PM_FIDELITY_ALWAYS,
        PM_FIDELITY_ALONE
    } fidelity;
    pm_twin_filter *watch; /**< which layers are in RTL as well; NULL: none */
    /** The last `images` of the training set instead, which networks are not trained on; read once, so their
     * number is given. */
    bool held;
    unsigned part, parts; /**< of `parts` that share the images, this one's; 0 parts: it has all */
};

struct pm_run_outcome {
    unsigned images;
    bool labelled;
    unsigned correct_float, correct_integer, top5_float, top5_integer; /**< of labelled images */
    unsigned same_class;
    struct pm_run_classes classes; /**< where float is there to compare with */
    bool draws;
    struct pm_fidelity_sum *fidelity; /**< [nodes]; NULL: not asked for */
    struct pm_tally tally;
    struct pm_twin_result *rtl;  /**< [nodes] */
    struct pm_twin_pass pass[2]; /**< of all of them */
    double seconds;
};

/** PM_EDIFFER: reported already. *o needs pm_run_outcome_free in any case. */
pm_status pm_run_images(struct pm_run_job *j, const struct pm_run_pass *pass, struct pm_run_outcome *o);
void pm_run_outcome_free(struct pm_run_outcome *o);

/** Variants that were run. */
struct pm_run_varied {
    struct pm_variant variant[PM_RUN_VARIANTS];
    struct pm_run_outcome outcome[PM_RUN_VARIANTS];
    unsigned count;
};

struct pm_run_report {
    const struct pm_run_job *job;
    struct pm_run_outcome golden, rtl;
    struct pm_run_varied varied, rtl_varied;
};

/** Everything that was found; NULL: out of memory. */
struct pm_results *pm_run_results(const struct pm_run_report *r);
/** The report, from those. */
void pm_run_print(const struct pm_run_report *r, const struct pm_results *found);

/* ---- what reports share ---- */

/** "effective_config": model, input, settings, the plan and its systems' settings. */
void pm_run_add_config(const struct pm_run_job *j, struct pm_results *r);
/** The same on one line. */
void pm_run_print_config(const struct pm_run_job *j, FILE *to);
/** The sum of a count, as pm_tally_sum. */
void pm_run_add_sum(const struct pm_tally *t, enum pm_count kind, enum pm_count count, const char *key,
                    struct pm_results *r);
/** Accuracies, where there are labels, and the share of the same class. */
void pm_run_add_accuracy(const struct pm_run_outcome *o, struct pm_results *r);
/** What a sweep shows of a golden run. */
void pm_run_add_sweep(const struct pm_run_job *j, const struct pm_run_outcome *o, struct pm_results *r);
/** "sqnr": each layer's alone, and "array_accesses", what its kernels take an image where all are in arrays
 * that are read access by access; where it was asked for. */
void pm_run_add_alone(const struct pm_run_outcome *o, struct pm_results *r);
/** "fidelity": of every layer, where it was asked for. */
void pm_run_add_fidelity(const struct pm_run_outcome *o, struct pm_results *r);
/** Reads, conversions, clocks and wrong codes of layers in arrays that are read as a whole; nothing where
 * there were none. */
void pm_run_add_arrays(const struct pm_tally *t, struct pm_results *r);
/** What a row of a mapping costs: arrays, reads, conversions and clocks of those layers or, where there are
 * none, of those whose arrays are read access by access; and, of matrices, how many copies of them the budget
 * of arrays holds, and the clocks that are left with these. Nothing where no layer is in arrays. */
void pm_run_add_cost(const struct pm_run_job *j, const struct pm_tally *t, struct pm_results *r);
/** What pm_run_add_arrays() added at `path` and pm_run_add_cost() at `cost`, an item, to the line's end,
 * under PM_RUN_ARRAYS_HEAD. */
void pm_run_print_arrays(const struct pm_results *r, const char *path, const char *cost, double items,
                         FILE *to);
#define PM_RUN_ARRAYS_HEAD "arrays    reads conversions    clocks copies clocks/copies wrong codes a million"
/** "copies of the matrices in as many arrays as ..." */
void pm_run_print_budget(const struct pm_run_job *j, FILE *to);
/** "energy": what layers in engines with units of energy cost, a layer a part; and, of all, units, accesses,
 * the clocks from wake-up to response, and the figure of merit, images a million units over the points of
 * accuracy lost. Nothing where no layer counts units. */
void pm_run_add_units(const struct pm_run_outcome *o, struct pm_results *r);
bool pm_run_has_units(const struct pm_run_outcome *o);
/** Units of energy of a layer's part in engines; 0 of one in arrays that are read row by row, whose unit is
 * another. */
double pm_run_units(const struct pm_counts *c);
/** What it added, under `path` "" or "variants/N/": layer by layer; and as a line's end under
 * PM_RUN_UNITS_HEAD. */
void pm_run_print_units(const struct pm_run_outcome *o, const struct pm_results *r, const char *path,
                        FILE *to);
void pm_run_print_units_line(const struct pm_results *r, const char *path, FILE *to);
#define PM_RUN_UNITS_HEAD "   units  accesses  of conv. wake-up  merit"
/** What programming the cells takes and what wears them, which pm_run_add_cost() added at `cost`; nothing
 * where there are none. */
void pm_run_print_programming(const struct pm_run_job *j, const struct pm_results *r, const char *cost,
                              FILE *to);
/** What the layers that count array reads are in. */
const char *pm_run_arrays_title(const struct pm_tally *t);
/** Whether layers were in arrays that are read row by row. */
bool pm_run_in_macros(const struct pm_run_outcome *o);
/** "macros": the sums over these layers; nothing where there are none. */
void pm_run_add_macros(const struct pm_run_outcome *o, struct pm_results *r);
/** A line a layer; a line of all, under its head. */
void pm_run_print_macros(const struct pm_run_outcome *o);
void pm_run_print_macros_head(int width);
void pm_run_print_macros_row(const struct pm_run_outcome *o);
/** "digital": clocks, rows and operations of every kind of unit, and how many layers are left to the host's
 * float; nothing where no layer is in digital modules. */
void pm_run_add_digital(const struct pm_run_outcome *o, struct pm_results *r);
void pm_run_print_digital(const struct pm_run_outcome *o);
/** "rtl_digital": what RTL gave of them. */
void pm_run_add_digital_rtl(const struct pm_run_outcome *o, struct pm_results *r);
void pm_run_print_digital_rtl(const struct pm_run_outcome *o);
/** "windows": the accesses of fixed windows of eight rows, and their conversions and levels. */
void pm_run_add_windows(const struct pm_tally *t, struct pm_results *r);
/** "sparsity": of each part, and "all", the shares of zeros; nothing where they were not looked for. */
void pm_run_add_sparsity(const struct pm_tally *t, struct pm_results *r);
void pm_run_print_sparsity(const struct pm_tally *t, FILE *to);
/** "counts": every layer's, part by part. */
void pm_run_add_counts(const struct pm_tally *t, struct pm_results *r);
/** The sum of what RTL measured of layers of some kinds (PM_TAKES() of each) in one system or (NULL) all. */
struct pm_twin_result pm_run_rtl_sum(const struct pm_run_outcome *o, unsigned kinds,
                                     const struct pm_system *system);
/** Warns on stderr where more than 0.1 % of the elements that a layer stored were clamped. */
void pm_run_warn(const struct pm_tally *t);
/** Adds the summary file of the job. */
pm_status pm_run_write(struct pm_run_job *j, const struct pm_results *r, struct pm_outfile *summary);

double pm_ratio(double a, double b);

#endif
