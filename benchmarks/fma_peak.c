// The multiply-adds a second that this machine's vector units can do, all cores together: registers only, no memory.
// Built and run by encoding.py: cc -O2 -march=native -pthread. Prints GFLOP/s in float32, and in bfloat16 (0 where there is none).
#include <immintrin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { CHAINS = 12, ROUNDS = 20000000 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

// Independent sums, enough of them to hide how long each addition takes.
static void *single(void *out) {
#if defined(__AVX512F__)
    __m512 sums[CHAINS], x = _mm512_set1_ps(1e-7f), y = _mm512_set1_ps(1.0f);
    for (int c = 0; c < CHAINS; ++c) sums[c] = _mm512_setzero_ps();
    for (long i = 0; i < ROUNDS; ++i) {
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; ++c) sums[c] = _mm512_fmadd_ps(x, y, sums[c]);
    }
    for (int c = 1; c < CHAINS; ++c) sums[0] = _mm512_add_ps(sums[0], sums[c]);
    *(float *)out = _mm512_reduce_add_ps(sums[0]);
#elif defined(__FMA__)
    __m256 sums[CHAINS], x = _mm256_set1_ps(1e-7f), y = _mm256_set1_ps(1.0f);
    for (int c = 0; c < CHAINS; ++c) sums[c] = _mm256_setzero_ps();
    for (long i = 0; i < ROUNDS; ++i) {
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; ++c) sums[c] = _mm256_fmadd_ps(x, y, sums[c]);
    }
    for (int c = 1; c < CHAINS; ++c) sums[0] = _mm256_add_ps(sums[0], sums[c]);
    *(float *)out = _mm256_cvtss_f32(sums[0]);
#endif
    return NULL;
}

static void *half(void *out) {
#if defined(__AVX512BF16__)
    __m512 sums[CHAINS];
    __m512bh x = _mm512_cvtne2ps_pbh(_mm512_set1_ps(1e-7f), _mm512_set1_ps(1e-7f)), y = x;
    for (int c = 0; c < CHAINS; ++c) sums[c] = _mm512_setzero_ps();
    for (long i = 0; i < ROUNDS; ++i) {
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; ++c) sums[c] = _mm512_dpbf16_ps(sums[c], x, y);
    }
    for (int c = 1; c < CHAINS; ++c) sums[0] = _mm512_add_ps(sums[0], sums[c]);
    *(float *)out = _mm512_reduce_add_ps(sums[0]);
#endif
    return NULL;
}

static double rate(void *(*body)(void *), int lanes) {
    const int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    pthread_t threads[256];
    float results[256];
    const double start = now();
    for (int t = 0; t < cores && t < 256; ++t) pthread_create(&threads[t], NULL, body, &results[t]);
    for (int t = 0; t < cores && t < 256; ++t) pthread_join(threads[t], NULL);
    return 2.0 * lanes * CHAINS * ROUNDS * cores / (now() - start) / 1e9;
}

int main(void) {
#if defined(__AVX512F__)
    const int lanes = 16;
#else
    const int lanes = 8;
#endif
    double halves = 0;
#if defined(__AVX512BF16__)
    halves = rate(half, 32);
#endif
    printf("{\"fp32\": %.1f, \"bf16\": %.1f}\n", rate(single, lanes), halves);
    return 0;
}
