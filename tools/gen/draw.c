/* SPDX-License-Identifier: Apache-2.0 */
/* splitmix64 (Steele, Lea, Flood 2014). No floating point: its last bits differ between compilers.
 */
#include "gen/draw.h"

uint64_t draw_next(struct draw *draw)
{
    uint64_t z = draw->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

struct draw draw_begin(uint64_t seed, uint64_t stream)
{
    struct draw draw = {seed};
    draw.state = draw_next(&draw) ^ (stream + 1) * UINT64_C(0xD1342543DE82EF95);
    draw_next(&draw);
    return draw;
}

size_t draw_below(struct draw *draw, size_t count)
{
    return (size_t)((draw_next(draw) >> 32) * (uint64_t)count >> 32);
}

int64_t draw_between(struct draw *draw, int64_t least, int64_t most)
{
    return least + (int64_t)draw_below(draw, (size_t)(most - least + 1));
}

int64_t draw_skewed(struct draw *draw, int64_t least, int64_t most)
{
    uint64_t u = draw_next(draw) >> 32;
    u = u * u >> 32;
    return least + (int64_t)(u * (uint64_t)(most - least + 1) >> 32);
}

bool draw_chance(struct draw *draw, int per_mille)
{
    return draw_below(draw, 1000) < (size_t)per_mille;
}

size_t draw_weighted(struct draw *draw, const int *weights, size_t count)
{
    int total = 0;
    for (size_t i = 0; i < count; i++)
        total += weights[i];
    int at = (int)draw_below(draw, (size_t)total);
    for (size_t i = 0; i + 1 < count; i++) {
        at -= weights[i];
        if (at < 0)
            return i;
    }
    return count - 1;
}

/* Normal enough: the sum of twelve equal ones has the variance 1. In 65,536ths. */
static int64_t draw_normal(struct draw *draw)
{
    int64_t sum = -6 * 65536;
    for (int i = 0; i < 12; i++)
        sum += (int64_t)(draw_next(draw) >> 48);
    return sum;
}

/* 2^(i/16) in 65,536ths; between two of them a line is right to a ten thousandth. */
static int64_t power_of_two(int64_t exponent, int64_t factor)
{
    static const int64_t table[] = {65536,  68438,  71468,  74632,  77936,  81386,
                                    84990,  88752,  92682,  96785,  101070, 105545,
                                    110218, 115098, 120194, 125515, 131072};
    int64_t whole = exponent >> 16, rest = exponent & 65535;
    int64_t low = table[rest >> 12], high = table[(rest >> 12) + 1];
    int64_t value = factor * (low + (high - low) * (rest & 4095) / 4096) / 65536;
    return whole >= 0 ? value << whole : value >> -whole;
}

int64_t draw_lognormal(struct draw *draw, int64_t median, int sigma)
{
    const int64_t log2_e = 94548; /* in 65,536ths */
    int64_t most = 12 * 65536;    /* 2^12 */
    int64_t exponent = draw_normal(draw) * sigma / 1000 * log2_e / 65536;
    exponent = exponent > most ? most : exponent < -most ? -most : exponent;
    int64_t value = power_of_two(exponent, median);
    return value > 0 ? value : 1;
}
