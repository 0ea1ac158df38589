// SPDX-License-Identifier: Apache-2.0
#include "chip/config.h"

#include "nor_pim.h"

static const struct pm_setting settings[] = {
    {PM_SET_FLAG("hyflexpim", "0"), .fact = true},
    {PM_SET_FLAG("flare", "0"), .fact = true},
    {PM_SET_FLAG("khwa", "0"), .fact = true},
    {PM_SET_FLAG("nmc", "0"), .fact = true},
    {PM_SET_FLAG("xbar", "0"), .fact = true},
    {PM_SET_INTEGER("layers", 1, 1024, NULL), .help = "of NET; as it says"},
    {PM_SET_INTEGER("width", 1, 65536, NULL), .help = "of NET; as it says"},
    {PM_SET_INTEGER("heads", 1, 65536, NULL), .help = "of NET; as it says"},
    {PM_SET_INTEGER("ffn", 1, 1048576, NULL), .help = "of NET; as it says"},
    {PM_SET_INTEGER("tokens", 1, 16777216, NULL), .help = "of NET; as it says"},
    {PM_SET_NUMBER("clock", 0.001, 100, "1"), .when = "hyflexpim=1", .help = "of the digital modules, GHz"},
    {PM_SET_NUMBER("edge-clock", 0.001, 100, "0.2"), .help = "of what is mapped or simulated here, GHz"},
    {PM_SET_NUMBER("read-ns", 0, 1e6, "0"), .when = "hyflexpim=1 or flare=1",
     .help = "of a bit plane or an access; 0: 100 in hyflexpim, 10 in flare, 5 where a run was measured"},
    {PM_SET_FLAG("svd", "1"), .when = "hyflexpim=1", .help = "matrices as two factors"},
    {PM_SET_INTEGER("slc-percent", 0, 100, "5"), .when = "hyflexpim=1",
     .help = "ranks in 1-bit cells; without svd all weights, unless it is 0"},
    {PM_SET_ONE_OF("replicate", "integer|none|fluid", "integer"), .when = "hyflexpim=1",
     .help = "copies of a layer in the arrays that it has"},
    {PM_SET_NUMBER("adc7", 0.1, 100, "2"), .when = "hyflexpim=1",
     .help = "energy of a 7-bit conversion, of a 6-bit one"},
    {PM_SET_INTEGER("adc-table", 6, 7, "6"), .when = "hyflexpim=1",
     .help = "bits that the table's converter has"},
    {PM_SET_INTEGER("sars", 0, 128, "0"), .when = "hyflexpim=1",
     .help = "converters an array whose clocks are counted; 0: read-ns"},
    {PM_SET_ONE_OF("layout", "default|packed|literal|rows|tokens", "default"),
     .when = "hyflexpim=1 or flare=1",
     .help = "hyflexpim: products in rows of NOR arrays, packed (default) or literal; flare: dc splits rows "
             "(default) or tokens"},
    {PM_SET_INTEGER("abits", PM_NOR_MIN_BITS, PM_NOR_MAX_BITS, "12"), .when = "hyflexpim=1",
     .help = "of attention's weights"},
    {PM_SET_INTEGER("lanes", 1, 65536, "256"), .when = "hyflexpim=1",
     .help = "inputs that a special function unit takes in a ns"},
    {PM_SET_NUMBER("endurance", 1, 1e15, "1e8"), .when = "hyflexpim=1", .help = "writes of a cell"},
    {PM_SET_NUMBER("inferences-a-day", 1e-3, 1e12, "10000"), .when = "hyflexpim=1",
     .help = "for years of use"},
    {PM_SET_INTEGER("dc", 1, 4096, "1"), .when = "flare=1", .help = "arrays, each with converters, for one"},
    {PM_SET_INTEGER("kvb", 2, 16, "10"), .when = "flare=1", .help = "bits of a cached key or value"},
    {PM_SET_NUMBER("density-x", 1e-6, 1, "0.34"), .when = "flare=1", .help = "ones in the planes of tokens"},
    {PM_SET_NUMBER("density-q", 1e-6, 1, "0.5"), .when = "flare=1", .help = "of queries"},
    {PM_SET_NUMBER("density-a", 1e-6, 1, "0.2"), .when = "flare=1", .help = "of attention's weights"},
    {PM_SET_NUMBER("density-o", 1e-6, 1, "0.34"), .when = "flare=1", .help = "of what W_O multiplies"},
    {PM_SET_INTEGER("rows", 16, 1024, "256"), .when = "xbar=1", .help = "of a crossbar"},
    {PM_SET_INTEGER("cols", 2, 4096, "256"), .when = "xbar=1", .help = "of a crossbar, even"},
    {PM_SET_INTEGER("cell", 1, 4, "4"), .when = "xbar=1", .help = "bits a cell"},
    {PM_SET_INTEGER("wbits", 2, 8, "8"), .when = "xbar=1 or khwa=1", .help = "of a weight"},
    {PM_SET_INTEGER("xbits", 2, 8, "8"), .when = "xbar=1 or khwa=1", .help = "of an input"},
    {PM_SET_INTEGER("write", 0, 1000000, "560"), .when = "xbar=1", .help = "writing a crossbar, 0.1 us"},
    {PM_SET_INTEGER("mvm", 0, 1000000, "14"), .when = "xbar=1", .help = "reading it, 0.1 us"},
    {PM_SET_ONE_OF("engine", "memristor|sram", "memristor"), .when = "khwa=1", .help = "who multiplies"},
    {PM_SET_INTEGER("bus", 1, 1024, "128"), .when = "khwa=1",
     .help = "bits a beat of loading weights, a power of two"},
    {0},
};
const struct pm_setting_list pm_chip_settings = {NULL, settings};

void pm_chip_config_systems(struct pm_settings *s, const bool used[PM_CHIP_SYSTEMS]) {
    for (int k = PM_CHIP_HYFLEXPIM; k < PM_CHIP_SYSTEMS; k++)
        pm_settings_fact(s, pm_chip_system_name[k], used[k]);
}

/* A layout of a system that is not there. */
static pm_status check_layout(const struct pm_settings *s, struct pm_error *e) {
    const enum pm_chip_layout layout = (enum pm_chip_layout)pm_settings_int(s, "layout");
    const bool nor = layout == PM_CHIP_PACKED || layout == PM_CHIP_LITERAL,
               arrays = layout == PM_CHIP_ROWS || layout == PM_CHIP_TOKENS;
    if ((nor && !pm_settings_int(s, "hyflexpim")) || (arrays && !pm_settings_int(s, "flare")))
        return pm_fail(e, PM_EINVAL, "layout", "it is %s's", nor ? "hyflexpim" : "flare");
    return PM_OK;
}

pm_status pm_chip_config(const struct pm_settings *s, struct pm_chip_config *c, struct pm_error *e) {
    pm_status status = pm_settings_check(s, false, e);
    if (status == PM_OK)
        status = check_layout(s, e);
    *c = (struct pm_chip_config){
        .clock_ghz = pm_settings_real(s, "clock"),
        .read_ns = pm_settings_real(s, "read-ns"),
        .sar_clock_ns = 1 / pm_settings_real(s, "edge-clock"),
        .svd = pm_settings_int(s, "svd"),
        .slc_percent = pm_settings_int(s, "slc-percent"),
        .replicate = (enum pm_chip_replicate)pm_settings_int(s, "replicate"),
        .adc7 = pm_settings_real(s, "adc7"),
        .adc_table = pm_settings_int(s, "adc-table"),
        .sars = pm_settings_int(s, "sars"),
        .layout = (enum pm_chip_layout)pm_settings_int(s, "layout"),
        .abits = pm_settings_int(s, "abits"),
        .lanes = pm_settings_int(s, "lanes"),
        .endurance = pm_settings_real(s, "endurance"),
        .inferences_a_day = pm_settings_real(s, "inferences-a-day"),
        .dc = pm_settings_int(s, "dc"),
        .kvb = pm_settings_int(s, "kvb"),
        .density_x = pm_settings_real(s, "density-x"),
        .density_q = pm_settings_real(s, "density-q"),
        .density_a = pm_settings_real(s, "density-a"),
        .density_o = pm_settings_real(s, "density-o"),
        .rows = pm_settings_int(s, "rows"),
        .cols = pm_settings_int(s, "cols"),
        .cell = pm_settings_int(s, "cell"),
        .wbits = pm_settings_int(s, "wbits"),
        .xbits = pm_settings_int(s, "xbits"),
        .write_tenths = pm_settings_int(s, "write"),
        .mvm_tenths = pm_settings_int(s, "mvm"),
        .sram = pm_settings_int(s, "engine") == 1,
        .bus = pm_settings_int(s, "bus"),
    };
    return status;
}
