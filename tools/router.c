// SPDX-License-Identifier: Apache-2.0
/* Routes a placed netlist on a grid of tracks: router IN OUT. Run by flow/place.py.
 * Negotiated congestion (McMurchie and Ebeling, "PathFinder", FPGA 1995): nets are routed one by one and may
 * share points of the grid; what is shared gets dearer from pass to pass, and the nets on it are routed
 * again, until no point has two. Metals 2 to 6, upright and level in turn, wires along their metal's
 * direction alone; metal 6 has every other track. Metal 1 is the cells'. IN has lines of words: `grid X Y`;
 * `block METAL X Y`, where no wire may be; `net NAME`, and of each net its terminals, `pin X Y ...`, points
 * of metal 2 from which a via reaches the same pin, or `port METAL X Y`. OUT has `net NAME` and its wires
 * `wire METAL X Y X Y` and vias `via LOWER-METAL X Y`. The last line printed says how many points are shared;
 * 0 is the exit status where none is, 1 where some are, 2 where IN is not right. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { Low = 2, Layers = 5, Passes = 100, Margin = 20, Blocked = -1 };

/* Costs in um: a step level and upright, a via. Metal 2 is dearer, since the pins are below it, and a point
 * by this for each net on it. */
static const float Level = 0.8F, Upright = 1.0F, Via = 2.0F, Crowded = 1.5F, Shared = 2.0F;

struct list {
    int *at;
    size_t n, room;
};

struct terminal {
    struct list points;
    bool port, reached;
};

struct net {
    char *name;
    struct terminal *terminals;
    size_t n, room;
    struct list points; /* of its tree */
    struct list steps;  /* pairs of points */
    struct list taps;   /* points with a via to metal 1 */
};

/* A point of the grid: nets on it, whose it alone is (0: anybody's, else a net's number + 1, or Blocked),
 * what being shared cost so far, and the present search's cost and step to it. */
struct point {
    float history, cost;
    int32_t owner;
    uint32_t search;
    uint16_t nets;
    uint8_t from;
    bool goal;
};

static int width, height;
static struct point *grid;
static struct net *nets;
static size_t n_nets, nets_room;
static uint32_t searches;

static void fail(const char *why) {
    fprintf(stderr, "router: %s\n", why);
    exit(2);
}

static void *grown(void *memory, size_t *room, size_t n, size_t size) {
    if (n < *room)
        return memory;
    *room = *room ? 2 * *room : 4;
    memory = realloc(memory, *room * size);
    if (!memory)
        fail("no memory");
    return memory;
}

static void add(struct list *list, int value) {
    list->at = grown(list->at, &list->room, list->n, sizeof *list->at);
    list->at[list->n++] = value;
}

static int at(int metal, int x, int y) {
    if (metal < Low || metal >= Low + Layers || x < 0 || x >= width || y < 0 || y >= height)
        fail("a point outside the grid");
    return ((metal - Low) * height + y) * width + x;
}

static int x_of(int point) {
    return point % width;
}

static int y_of(int point) {
    return point / width % height;
}

static int metal_of(int point) {
    return Low + point / width / height;
}

/* The queue of a search: a heap of points by what a whole path through them would cost. */

struct waiting {
    float cost;
    int point;
};

static struct waiting *heap;
static size_t heap_n, heap_room;

static void push(float cost, int point) {
    heap = grown(heap, &heap_room, heap_n, sizeof *heap);
    size_t i = heap_n++;
    for (; i && heap[(i - 1) / 2].cost > cost; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = (struct waiting){cost, point};
}

static struct waiting pop(void) {
    const struct waiting first = heap[0], last = heap[--heap_n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < heap_n; i = child) {
        if (child + 1 < heap_n && heap[child + 1].cost < heap[child].cost)
            child++;
        if (heap[child].cost >= last.cost)
            break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return first;
}

/* What a search looks for: a terminal's points are within this box, and it goes no further from it than so
 * many steps. */
struct goal {
    int x0, y0, x1, y1, metal, reach;
};

static int beyond(int low, int value, int high) {
    return value < low ? low - value : value > high ? value - high : 0;
}

static bool outside(const struct goal *goal, int point) {
    return beyond(goal->x0, x_of(point), goal->x1) + beyond(goal->y0, y_of(point), goal->y1) > goal->reach;
}

/* What a path from a point to the terminal may cost: a fifth more than the least halves the time, for no more
 * wire. */
static float ahead(const struct goal *goal, int point) {
    return 1.2F * (Level * (float)beyond(goal->x0, x_of(point), goal->x1) +
                   Upright * (float)beyond(goal->y0, y_of(point), goal->y1) +
                   Via * (float)abs(metal_of(point) - goal->metal));
}

/* Ways from a point: back and forth along its metal's direction, down and up; `way ^ 1` is the way back. */
enum { Ways = 4, Source = Ways };

static bool step(int point, int way, int *to, float *cost) {
    const int metal = metal_of(point), x = x_of(point), y = y_of(point);
    const bool up = metal % 2 == 0;
    if (way >= 2) {
        *to = way == 2 ? point - width * height : point + width * height;
        *cost = Via;
        return way == 2 ? metal > Low : metal < Low + Layers - 1;
    }
    *to = point + (up ? width : 1) * (way ? 1 : -1);
    *cost = (up ? Upright : Level) * (metal == Low ? Crowded : 1);
    return way ? (up ? y < height - 1 : x < width - 1) : (up ? y : x) > 0;
}

static void seed(const struct goal *goal, int point) {
    if (grid[point].search == searches || outside(goal, point))
        return;
    grid[point].search = searches;
    grid[point].cost = 0;
    grid[point].from = Source;
    push(ahead(goal, point), point);
}

/* Where a search begins: the net's tree, and its pins' other points. */
static void seeds(const struct net *net, const struct goal *goal) {
    searches++;
    heap_n = 0;
    for (size_t i = 0; i < net->points.n; i++)
        seed(goal, net->points.at[i]);
    for (size_t t = 0; t < net->n; t++)
        for (size_t i = 0; net->terminals[t].reached && i < net->terminals[t].points.n; i++)
            seed(goal, net->terminals[t].points.at[i]);
}

/* Steps on from a point. */
static void spread(const struct net *net, const struct goal *goal, int point) {
    const int32_t own = (int32_t)(net - nets) + 1;
    for (int way = 0; way < Ways; way++) {
        int next;
        float cost;
        if (!step(point, way, &next, &cost) || outside(goal, next))
            continue;
        struct point *there = &grid[next];
        if (there->owner && there->owner != own)
            continue;
        cost = grid[point].cost + cost * (1 + there->history) * (1 + Shared * (float)there->nets);
        if (there->search == searches && there->cost <= cost)
            continue;
        there->search = searches;
        there->cost = cost;
        there->from = (uint8_t)(way ^ 1);
        push(cost + ahead(goal, next), next);
    }
}

/* The point at which the cheapest path from the net's tree meets a terminal; -1 where there is none within
 * reach. */
static int search(const struct net *net, const struct terminal *to, int reach) {
    struct goal goal = {width, height, 0, 0, metal_of(to->points.at[0]), reach};
    for (size_t i = 0; i < to->points.n; i++) {
        const int x = x_of(to->points.at[i]), y = y_of(to->points.at[i]);
        goal.x0 = x < goal.x0 ? x : goal.x0;
        goal.x1 = x > goal.x1 ? x : goal.x1;
        goal.y0 = y < goal.y0 ? y : goal.y0;
        goal.y1 = y > goal.y1 ? y : goal.y1;
        grid[to->points.at[i]].goal = true;
    }
    seeds(net, &goal);
    int found = -1;
    while (heap_n && found < 0) {
        const struct waiting best = pop();
        if (best.cost > grid[best.point].cost + ahead(&goal, best.point))
            continue; /* there was a cheaper path since */
        if (grid[best.point].goal)
            found = best.point;
        else
            spread(net, &goal, best.point);
    }
    for (size_t i = 0; i < to->points.n; i++)
        grid[to->points.at[i]].goal = false;
    return found;
}

static bool in_tree(const struct net *net, int point) {
    for (size_t i = 0; i < net->points.n; i++)
        if (net->points.at[i] == point)
            return true;
    return false;
}

static void keep(struct net *net, int point) {
    add(&net->points, point);
    grid[point].nets++;
}

/* The path to a point becomes part of the net's tree. It may begin at a pin's point that was not yet. */
static void trace(struct net *net, int point) {
    const bool moved = grid[point].from != Source;
    while (grid[point].from != Source) {
        int back;
        float cost;
        step(point, grid[point].from, &back, &cost);
        keep(net, point);
        add(&net->steps, point);
        add(&net->steps, back);
        point = back;
    }
    if (!moved || in_tree(net, point))
        return;
    keep(net, point);
    for (size_t t = 0; t < net->n; t++)
        for (size_t i = 0; i < net->terminals[t].points.n; i++)
            if (net->terminals[t].points.at[i] == point && !net->terminals[t].port)
                add(&net->taps, point);
}

/* Connects a terminal with the tree, which is so many steps away. */
static void connect(struct net *net, struct terminal *to, int away) {
    int found = -1;
    for (int reach = away + Margin; found < 0; reach *= 4) {
        found = search(net, to, reach);
        if (found < 0 && reach > width + height) {
            fprintf(stderr, "router: no way for net %s\n", net->name);
            exit(1);
        }
    }
    if (!to->port)
        add(&net->taps, found);
    to->reached = true;
    trace(net, found);
}

static int gap(const struct terminal *one, const struct terminal *other) {
    return abs(x_of(one->points.at[0]) - x_of(other->points.at[0])) +
           abs(y_of(one->points.at[0]) - y_of(other->points.at[0]));
}

/* Routes a net anew: from its first terminal always to the one nearest to those that are reached. */
static void route(struct net *net) {
    for (size_t i = 0; i < net->points.n; i++)
        grid[net->points.at[i]].nets--;
    net->points.n = net->steps.n = net->taps.n = 0;
    int *away = malloc(net->n * sizeof *away);
    if (!away)
        fail("no memory");
    for (size_t t = 0; t < net->n; t++) {
        net->terminals[t].reached = t == 0;
        away[t] = gap(&net->terminals[0], &net->terminals[t]);
    }
    for (size_t left = net->n - 1; left; left--) {
        size_t best = 0;
        for (size_t t = 1; t < net->n; t++)
            if (!net->terminals[t].reached && (!best || away[t] < away[best]))
                best = t;
        connect(net, &net->terminals[best], away[best]);
        for (size_t t = 1; t < net->n; t++) {
            const int near = gap(&net->terminals[best], &net->terminals[t]);
            away[t] = near < away[t] ? near : away[t];
        }
    }
    free(away);
}

/* Input. */

static void take(char *line) {
    char *rest = line, *word = strtok_r(rest, " \n", &rest);
    int value[3] = {0};
    if (!word)
        return;
    if (!strcmp(word, "net")) {
        nets = grown(nets, &nets_room, n_nets, sizeof *nets);
        word = strtok_r(NULL, " \n", &rest);
        nets[n_nets++] = (struct net){.name = strdup(word ? word : "")};
        if (!word)
            fail("a net without a name");
    } else if (!strcmp(word, "pin") || !strcmp(word, "port")) {
        if (!n_nets)
            fail("a terminal without a net");
        struct net *net = &nets[n_nets - 1];
        net->terminals = grown(net->terminals, &net->room, net->n, sizeof *net->terminals);
        struct terminal *terminal = &net->terminals[net->n++];
        *terminal = (struct terminal){.port = !strcmp(word, "port")};
        if (terminal->port && sscanf(rest, "%d %d %d", &value[0], &value[1], &value[2]) == 3)
            add(&terminal->points, at(value[0], value[1], value[2]));
        for (int used; !terminal->port && sscanf(rest, "%d %d%n", &value[0], &value[1], &used) == 2;
             rest += used)
            add(&terminal->points, at(Low, value[0], value[1]));
        if (!terminal->points.n || (!terminal->port && strspn(rest, " \n") < strlen(rest)))
            fail("a terminal without a point");
    } else if (sscanf(rest, "%d %d %d", &value[0], &value[1], &value[2]) < 2) {
        fail("a line that is none of IN's");
    } else if (!strcmp(word, "block") && grid) {
        grid[at(value[0], value[1], value[2])].owner = Blocked;
    } else if (!strcmp(word, "grid") && !grid) {
        width = value[0];
        height = value[1];
        if (width < 1 || height < 1 || width > INT32_MAX / Layers / height)
            fail("a grid of such a size");
        grid = calloc((size_t)Layers * (size_t)width * (size_t)height, sizeof *grid);
        if (!grid)
            fail("no memory");
    } else {
        fail("a line that is none of IN's");
    }
}

static void input(const char *path) {
    FILE *in = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    if (!in)
        fail("IN cannot be read");
    while (getline(&line, &room, in) > 0)
        take(line);
    free(line);
    fclose(in);
    if (!grid)
        fail("IN has no grid");
    for (int y = 0; y < height; y++)
        for (int x = 1; x < width; x += 2)
            grid[at(6, x, y)].owner = Blocked;
    /* A pin that is reached at one point alone owns it. */
    for (size_t n = 0; n < n_nets; n++)
        for (size_t t = 0; t < nets[n].n; t++) {
            const struct list *points = &nets[n].terminals[t].points;
            for (size_t i = 0; i < points->n; i++)
                if (points->n == 1 || grid[points->at[i]].owner == Blocked)
                    grid[points->at[i]].owner = (int32_t)n + 1;
        }
}

/* Output: steps along a metal's direction are joined. */

static int along(int point) {
    return metal_of(point) % 2 ? point : (metal_of(point) * width + x_of(point)) * height + y_of(point);
}

static int by_place(const void *one, const void *other) {
    const int *a = one, *b = other;
    const int first = metal_of(*a) - metal_of(*b);
    return first ? first : along(*a) - along(*b);
}

static void output(const struct net *net, FILE *out) {
    struct list starts = {0};
    fprintf(out, "net %s\n", net->name);
    for (size_t i = 0; i < net->taps.n; i++)
        fprintf(out, "via 1 %d %d\n", x_of(net->taps.at[i]), y_of(net->taps.at[i]));
    for (size_t i = 0; i < net->steps.n; i += 2) {
        const int a = net->steps.at[i], b = net->steps.at[i + 1], low = a < b ? a : b;
        if (metal_of(a) != metal_of(b))
            fprintf(out, "via %d %d %d\n", metal_of(low), x_of(low), y_of(low));
        else
            add(&starts, low);
    }
    if (starts.n)
        qsort(starts.at, starts.n, sizeof *starts.at, by_place);
    for (size_t i = 0; i < starts.n;) {
        size_t j = i + 1;
        while (j < starts.n && metal_of(starts.at[j]) == metal_of(starts.at[i]) &&
               along(starts.at[j]) == along(starts.at[j - 1]) + 1)
            j++;
        const int first = starts.at[i], last = starts.at[j - 1], up = metal_of(first) % 2 == 0;
        fprintf(out, "wire %d %d %d %d %d\n", metal_of(first), x_of(first), y_of(first), x_of(last) + !up,
                y_of(last) + up);
        i = j;
    }
    free(starts.at);
}

static bool shares(const struct net *net) {
    for (size_t i = 0; i < net->points.n; i++)
        if (grid[net->points.at[i]].nets > 1)
            return true;
    return false;
}

int main(int argc, char **argv) {
    if (argc != 3)
        fail("takes IN OUT");
    input(argv[1]);
    const size_t points = (size_t)Layers * (size_t)width * (size_t)height;
    size_t shared = 1;
    for (int pass = 1; shared && pass <= Passes; pass++) {
        size_t routed = 0;
        for (size_t n = 0; n < n_nets; n++)
            if (nets[n].n > 1 && (pass == 1 || shares(&nets[n]))) {
                route(&nets[n]);
                routed++;
            }
        shared = 0;
        for (size_t p = 0; p < points; p++)
            if (grid[p].nets > 1) {
                shared++;
                grid[p].history += (float)(grid[p].nets - 1);
            }
        printf("pass %d: %zu nets routed, %zu points shared\n", pass, routed, shared);
        fflush(stdout);
    }
    FILE *out = fopen(argv[2], "w");
    if (!out)
        fail("OUT cannot be written");
    for (size_t n = 0; n < n_nets; n++)
        output(&nets[n], out);
    if (fclose(out))
        fail("OUT cannot be written");
    return shared > 0;
}
