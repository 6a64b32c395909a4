/* A small libnvidia-ml: it says what the file scenario.txt beside it says, in lines of `name value`.
 *
 * `init 18` is the status of nvmlInit; `hang 1` never comes back from it. `0.name Tesla T4` is a fact of the first GPU; what
 * is not in the file is NVML_ERROR_NOT_SUPPORTED. Signatures and status numbers are those of NVIDIA's NVML API reference.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7 };
typedef struct { unsigned long long total, free, used; } memory_t;
static char text[16384];
static int ready;

static const char *find(const char *name) {
    static char value[256];
    size_t length = strlen(name);
    for (char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (!strncmp(line, name, length) && line[length] == ' ') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line + length + 1, "\n"), line + length + 1);
            return value;
        }
    return NULL;
}

static const char *fact(void *device, const char *name) {
    char key[64];
    snprintf(key, sizeof key, "%d.%s", (int)(size_t)device - 1, name);
    return find(key);
}

static int copy(const char *value, char *to, unsigned int length) {
    if (!value) return ready ? NOT_SUPPORTED : UNINITIALIZED;
    if (strlen(value) >= length) return INSUFFICIENT_SIZE;
    strcpy(to, value);
    return SUCCESS;
}

static int numbers(const char *value, unsigned int **to, int count) {
    if (!value) return NOT_SUPPORTED;
    for (int index = 0; index < count; index++) *to[index] = strtoul(value, (char **)&value, 10);
    return SUCCESS;
}

int nvmlInitWithFlags(unsigned int flags) {
    Dl_info here;
    char path[4096];
    (void)flags;
    dladdr((void *)nvmlInitWithFlags, &here);
    snprintf(path, sizeof path, "%.*sscenario.txt", (int)(strrchr(here.dli_fname, '/') + 1 - here.dli_fname), here.dli_fname);
    FILE *file = fopen(path, "r");
    if (!file) return INVALID_ARGUMENT;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    if (find("hang")) pause();
    int status = find("init") ? atoi(find("init")) : SUCCESS;
    ready = status == SUCCESS;
    return status;
}

int nvmlSystemGetDriverVersion(char *to, unsigned int length) { return ready ? copy(find("driver"), to, length) : UNINITIALIZED; }

int nvmlSystemGetCudaDriverVersion_v2(int *to) {
    if (!find("cuda")) return NOT_SUPPORTED;
    *to = atoi(find("cuda"));
    return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned int *to) {
    if (!ready) return UNINITIALIZED;
    *to = find("gpus") ? atoi(find("gpus")) : 0;
    return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **to) {
    *to = (void *)(size_t)(index + 1);
    return find("lost") ? atoi(find("lost")) : SUCCESS;
}

int nvmlDeviceGetName(void *device, char *to, unsigned int length) { return copy(fact(device, "name"), to, length); }
int nvmlDeviceGetUUID(void *device, char *to, unsigned int length) { return copy(fact(device, "uuid"), to, length); }

int nvmlDeviceGetMemoryInfo(void *device, memory_t *to) {
    const char *mib = fact(device, "memory_mib");
    if (!mib) return NOT_SUPPORTED;
    to->total = strtoull(mib, NULL, 10) << 20;
    to->free = to->total;
    to->used = 0;
    return SUCCESS;
}

int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) {
    unsigned int *to[] = {(unsigned int *)major, (unsigned int *)minor};
    return numbers(fact(device, "capability"), to, 2);
}

int nvmlDeviceGetPersistenceMode(void *device, unsigned int *to) { return numbers(fact(device, "persistence"), &to, 1); }

int nvmlDeviceGetEccMode(void *device, unsigned int *now, unsigned int *next) {
    unsigned int *to[] = {now, next};
    return numbers(fact(device, "ecc"), to, 2);
}

int nvmlDeviceGetTotalEccErrors(void *device, int type, int counter, unsigned long long *to) {
    const char *count = type == 1 && counter == 0 ? fact(device, "uncorrected") : NULL;
    if (!count) return NOT_SUPPORTED;
    *to = strtoull(count, NULL, 10);
    return SUCCESS;
}

int nvmlDeviceGetRetiredPages(void *device, int cause, unsigned int *count, unsigned long long *to) {
    const char *value = fact(device, cause ? "retired_double" : "retired_single");
    unsigned int room = *count;
    if (!value) return NOT_SUPPORTED;
    *count = atoi(value);
    if (room < *count) return INSUFFICIENT_SIZE;
    for (unsigned int index = 0; index < *count; index++) to[index] = index;
    return SUCCESS;
}

int nvmlDeviceGetRetiredPagesPendingStatus(void *device, unsigned int *to) {
    return numbers(fact(device, "retired_pending"), &to, 1);
}

int nvmlDeviceGetRemappedRows(void *device, unsigned int *corrected, unsigned int *not, unsigned int *pending, unsigned int *failed) {
    unsigned int *to[] = {corrected, not, pending, failed};
    return numbers(fact(device, "rows"), to, 4);
}
