// SPDX-License-Identifier: Apache-2.0
/*
 * Prepared code: what the interpreter's loader makes of a module, made when an image is and read back at
 * each boot. Three fifths of the instructions of a start are the loader's, which decodes, transforms and
 * chooses the same operations each time.
 *
 * A file of prepared code (`+zcode FILE`) has the names of all atoms of its modules, and of each module
 * the block of code and the literals as they lie in memory once beam_load_finish_emit() is done, with the
 * places of what is another address each time: of the emulator, of the block, of the literals, and of the
 * binaries these refer to. rootfs/prepare.escript writes it.
 *
 * An atom is a number in that memory: keys of maps and choices are sorted by it and hashed from it. So
 * the file's atoms are the first that the emulator has after its own, in the same order wherever it runs.
 * The file is of one build of the emulator, by its build ID. A module is of one compilation, by the MD5
 * that its .beam file says; where it is another, or none, the module is loaded from the .beam as ever.
 * Within that the file is believed, as the emulator's own code is.
 */

#ifdef HAVE_CONFIG_H
#  include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys.h"
#include "erl_vm.h"
#include "global.h"
#include "big.h"
#include "erl_binary.h"
#include "erl_global_literals.h"
#include "erl_map.h"
#include "beam_load.h"

#define BUILD_ID_SIZE 20

typedef struct {
    char magic[8];              /* "BEAMCODE" */
    byte build_id[BUILD_ID_SIZE];
    Uint32 size;                /* Of the file, bytes; so are all offsets. */
    Uint32 first_atom;          /* How many atoms there are before the file's, */
    Uint32 last_atom;           /* and behind them. */
    Uint32 atom_count;
    Uint32 atoms;               /* Offset; each a byte of length, and the name in UTF-8, valid. */
    Uint32 module_count;        /* 0: the numbers and the build ID are not known yet. */
    Uint32 modules;             /* Offset of the table, sorted by the name's atom. */
} FileHeader;

typedef struct {
    Uint32 module;              /* Atom. */
    Uint32 offset;              /* Of its ModuleHeader, a multiple of eight. */
    Uint32 size;
    Uint32 reserved;
} ModuleEntry;

/* Parts that follow a ModuleHeader, each at a multiple of eight bytes, in this order. */
enum part {
    /* The BeamCodeHeader and what follows it: six of seven words have nothing in their upper half. */
    PART_LOWER,                 /* Uint32, the lower half of each word. */
    PART_UPPER,                 /* Uint32, the upper halves that are not 0, */
    PART_UPPER_STEPS,           /* and where: see add_at(). */
    PART_BYTES,                 /* What are no words: strings and so on. */
    PART_LITERALS,              /* Words. */
    PART_IMPORTS,               /* BeamFile_ImportEntry. */
    PART_IMPORT_PATCHES,        /* BeamInstr, as many. */
    PART_EXPORTS,               /* BeamFile_ExportEntry; the labels are numbered from 0. */
    PART_LAMBDAS,               /* BeamFile_LambdaEntry; the labels go on. */
    PART_LABELS,                /* Uint32, positions in the code. */
    PART_FUN_REFS,              /* Eterm of each lambda, from the literals' begin. */
    PART_LAMBDA_PATCHES,        /* Uint32, positions in the code. */
    PART_NIFS,                  /* A byte of each function, or nothing. */
    PART_BINARIES,              /* Uint32 of each: its size; then PART_BINARY_BYTES has them. */
    PART_BINARY_BYTES,
    PART_BINARY_PLACES,         /* BinaryPlace. */
    PART_FOREIGN_IN_BLOCK,      /* Foreign: literals that are not the module's. */
    PART_FOREIGN_IN_LITERALS,
    /* Where in the block, and in the literals, what has to be added: add_at(). */
    PART_TO_EMULATOR,
    PART_TO_BLOCK,
    PART_TO_LITERALS,
    PART_IN_LITERALS,
    PART_COUNT
};

typedef struct {
    Uint32 word;                /* In the literals; it has what is to be added to the Binary's address. */
    Uint32 binary;
} BinaryPlace;

/* Either the external fun Module:Function/Arity, or, without a module, the empty tuple. */
typedef struct {
    Uint32 word;
    Uint32 module;              /* Atom, or 0. */
    Uint32 function;            /* Atom. */
    Uint32 arity;
} Foreign;

typedef struct {
    Uint32 module;              /* Atom. */
    byte md5[MD5_SIZE];
    Uint32 catches;
    Uint32 on_load;
    Uint32 off_heap;            /* The word in the literals of the first off-heap object, and 1; or 0. */
    Uint32 code_words;          /* From the functions on; lines and strings follow. */
    Uint32 file_names;          /* In the lines. */
    Uint32 size[PART_COUNT];    /* Bytes. */
} ModuleHeader;

_Static_assert(sizeof(FileHeader) % 8 == 0, "a table follows");
_Static_assert(sizeof(ModuleEntry) % 8 == 0, "padding");
_Static_assert(sizeof(ModuleHeader) % 8 == 0, "padding");

static struct {
    UWord begin;                /* Of the emulator's segments. */
    UWord end;
    byte build_id[BUILD_ID_SIZE];
    int has_build_id;
} emulator;

static const byte *file;        /* Or NULL: there is none, or none that fits. */
static Uint32 first_atom, last_atom;

/* Of a step without a place behind it. */
#define LONG_STEP 255

static size_t
padded(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

/*
 * The emulator.
 */

static int
find_emulator(struct dl_phdr_info *info, size_t size, void *unused)
{
    int i;

    emulator.begin = info->dlpi_addr;
    for (i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        const byte *at = (const byte*)(info->dlpi_addr + segment->p_vaddr);

        if (segment->p_type == PT_LOAD) {
            emulator.end = MAX(emulator.end, (UWord)at + segment->p_memsz);
        } else if (segment->p_type == PT_NOTE) {
            const byte *end = at + segment->p_memsz;

            while (at + sizeof(ElfW(Nhdr)) <= end) {
                const ElfW(Nhdr) *note = (const ElfW(Nhdr)*)at;
                const byte *name = at + sizeof(*note);
                const byte *description = name + ((note->n_namesz + 3) & ~3);

                if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4
                    && sys_memcmp(name, "GNU", 4) == 0
                    && note->n_descsz == BUILD_ID_SIZE) {
                    sys_memcpy(emulator.build_id, description, BUILD_ID_SIZE);
                    emulator.has_build_id = 1;
                }
                at = description + ((note->n_descsz + 3) & ~3);
            }
        }
    }
    /* The first is the program. */
    return 1;
}

static int
is_of_emulator(UWord address)
{
    return emulator.begin <= address && address < emulator.end;
}

/*
 * Reading.
 */

static void
no_prepared_code(const char *name, const char *why)
{
    erts_fprintf(stderr, "+zcode %s: %s; all modules are loaded from their .beam files\r\n", name, why);
}

static int
is_ascii(const byte *name, int length)
{
    byte all = 0;

    while (length-- > 0) {
        all |= *name++;
    }
    return all < 0x80;
}

/* Whether the names of all atoms are where they belong, between the header and the table of modules. */
static int
has_atoms(const FileHeader *header)
{
    size_t at = header->atoms;
    Uint32 i;

    for (i = 0; i < header->atom_count && at < header->modules; i++) {
        at += 1 + ((const byte*)header)[at];
    }
    return i == header->atom_count && header->atoms >= sizeof(*header) && at <= header->modules;
}

/* The file's atoms, right after the emulator's. */
static void
put_atoms(const FileHeader *header)
{
    const byte *at = (const byte*)header + header->atoms;
    Uint32 i;

    for (i = 0; i < header->atom_count; i++) {
        if (is_ascii(at + 1, *at)) {
            erts_put_static_atom(at + 1, *at);
        } else {
            erts_atom_put(at + 1, *at, ERTS_ATOM_ENC_UTF8, 1);
        }
        at += 1 + *at;
    }
    last_atom = atom_table_size();
}

static const char *
check_file(const FileHeader *header, size_t size)
{
    if (size < sizeof(FileHeader)
        || sys_memcmp(header->magic, "BEAMCODE", sizeof(header->magic)) != 0) {
        return "this is no prepared code";
    }
    if (header->size != size) {
        return "the file is not whole";
    }
    if (header->module_count != 0
        && (!emulator.has_build_id
            || sys_memcmp(header->build_id, emulator.build_id, BUILD_ID_SIZE) != 0)) {
        return "this is of another build of the emulator";
    }
    if (header->modules % 8 != 0 || header->modules > size
        || header->module_count > (size - header->modules) / sizeof(ModuleEntry)) {
        return "the table of modules is not in the file";
    }
    if (!has_atoms(header)) {
        return "an atom is not in the file";
    }
    if (header->module_count != 0 && header->first_atom != first_atom) {
        return "its atoms have other numbers here";
    }
    if (erts_no_line_info) {
        return "this has lines, which +L does not want";
    }
    return NULL;
}

void
erts_prepared_code_init(const char *name)
{
    struct stat about;
    void *mapped;
    const FileHeader *header;
    const char *why;
    int fd;

    dl_iterate_phdr(find_emulator, NULL);
    first_atom = last_atom = atom_table_size();
    if (name == NULL) {
        return;
    }
    fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        no_prepared_code(name, strerror(errno));
        return;
    }
    if (about.st_size < sizeof(FileHeader)) {
        close(fd);
        no_prepared_code(name, "this is no prepared code");
        return;
    }
    mapped = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (mapped == MAP_FAILED) {
        no_prepared_code(name, strerror(errno));
        return;
    }
    header = mapped;
    why = check_file(header, about.st_size);
    if (why != NULL) {
        no_prepared_code(name, why);
        munmap(mapped, about.st_size);
        return;
    }
    put_atoms(header);
    if (header->module_count != 0 && header->last_atom != last_atom) {
        /* Their names are in there: it stays. */
        no_prepared_code(name, "its atoms have other numbers here");
        return;
    }
    file = mapped;
}

static const ModuleEntry *
find_module(Eterm module)
{
    const FileHeader *header = (const FileHeader*)file;
    const ModuleEntry *table = (const ModuleEntry*)(file + header->modules);
    Uint32 low = 0, high = header->module_count;

    while (low < high) {
        Uint32 middle = low + (high - low) / 2;
        if (table[middle].module < module) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < header->module_count && table[low].module == module ? &table[low] : NULL;
}

/* Whether this .beam is what the module was prepared from. The emulator has its own within. */
static int
is_compiled_from(const ModuleHeader *header, const byte *code, Uint size)
{
    IFF_File iff;
    IFF_Chunk chunk;

    if (is_of_emulator((UWord)code)) {
        return 1;
    }
    return iff_init(code, size, &iff)
        && iff_read_chunk(&iff, MakeIffId('C', 'k', 'S', 'm'), &chunk)
        && chunk.size == MD5_SIZE
        && sys_memcmp(chunk.data, header->md5, MD5_SIZE) == 0;
}

/* The parts of a module, or 0 if they are not all in it. */
static int
find_parts(const ModuleEntry *entry, const byte **parts)
{
    const FileHeader *header = (const FileHeader*)file;
    const ModuleHeader *module = (const ModuleHeader*)(file + entry->offset);
    size_t at = sizeof(ModuleHeader);
    int i;

    if (entry->offset % 8 != 0 || entry->offset > header->size
        || entry->size > header->size - entry->offset || entry->size < at) {
        return 0;
    }
    for (i = 0; i < PART_COUNT; i++) {
        parts[i] = (const byte*)module + at;
        at += padded(module->size[i]);
    }
    return at == entry->size;
}

static void
make_block(byte *block, const ModuleHeader *header, const byte **parts)
{
    const Uint32 *lower = (const Uint32*)parts[PART_LOWER];
    const Uint32 *upper = (const Uint32*)parts[PART_UPPER];
    const byte *steps = parts[PART_UPPER_STEPS];
    const byte *end = steps + header->size[PART_UPPER_STEPS];
    size_t count = header->size[PART_LOWER] / sizeof(*lower);
    UWord *words = (UWord*)block;
    size_t i;

    for (i = 0; i < count; i++) {
        words[i] = lower[i];
    }
    for (; steps < end; steps++) {
        words += *steps;
        if (*steps != LONG_STEP) {
            *words |= (UWord)*upper++ << 32;
        }
    }
    sys_memcpy(block + count * sizeof(UWord), parts[PART_BYTES], header->size[PART_BYTES]);
}

/* Adds to each word whose place the steps say: so many further on. */
static void
add_at(UWord *words, const byte *steps, Uint32 count, UWord what)
{
    const byte *end = steps + count;

    for (; steps < end; steps++) {
        words += *steps;
        if (*steps != LONG_STEP) {
            *words += what;
        }
    }
}

static void
put_foreign(UWord *words, const byte *part, Uint32 size)
{
    const Foreign *foreign = (const Foreign*)part;
    const Foreign *end = foreign + size / sizeof(*foreign);

    for (; foreign < end; foreign++) {
        words[foreign->word] = foreign->module == 0
            ? ERTS_GLOBAL_LIT_EMPTY_TUPLE
            : erts_export_get_or_make_stub(foreign->module, foreign->function,
                                           foreign->arity)->lambda;
    }
}

static void
make_binaries(UWord *literals, const ModuleHeader *header, const byte **parts)
{
    const Uint32 *sizes = (const Uint32*)parts[PART_BINARIES];
    const BinaryPlace *place = (const BinaryPlace*)parts[PART_BINARY_PLACES];
    const BinaryPlace *end = place + header->size[PART_BINARY_PLACES] / sizeof(*place);
    const byte *bytes = parts[PART_BINARY_BYTES];
    Uint32 i;

    for (i = 0; i < header->size[PART_BINARIES] / sizeof(*sizes); i++) {
        Binary *binary = erts_bin_nrml_alloc(sizes[i]);

        sys_memcpy(binary->orig_bytes, bytes, sizes[i]);
        bytes += sizes[i];
        for (; place < end && place->binary == i; place++) {
            literals[place->word] += (UWord)binary;
        }
    }
}

static ErtsLiteralArea *
make_literals(const ModuleHeader *header, const byte **parts)
{
    Uint words = header->size[PART_LITERALS] / sizeof(Eterm);
    ErtsLiteralArea *area = erts_alloc(ERTS_ALC_T_LITERAL, ERTS_LITERAL_AREA_ALLOC_SIZE(words));
    UWord *start = (UWord*)area->start;

    sys_memcpy(start, parts[PART_LITERALS], header->size[PART_LITERALS]);
    area->end = area->start + words;
    add_at(start, parts[PART_IN_LITERALS], header->size[PART_IN_LITERALS], (UWord)start);
    put_foreign(start, parts[PART_FOREIGN_IN_LITERALS], header->size[PART_FOREIGN_IN_LITERALS]);
    make_binaries(start, header, parts);
    area->off_heap = header->off_heap == 0
        ? NULL : (struct erl_off_heap_header*)(start + header->off_heap - 1);
    return area;
}

static void
make_labels(LoaderState *stp, const ModuleHeader *header, const byte **parts)
{
    const Uint32 *positions = (const Uint32*)parts[PART_LABELS];
    Uint32 count = header->size[PART_LABELS] / sizeof(*positions);
    Uint32 i;

    stp->beam.code.label_count = count;
    stp->labels = erts_alloc(ERTS_ALC_T_PREPARED_CODE, (count + 1) * sizeof(Label));
    sys_memzero(stp->labels, count * sizeof(Label));
    for (i = 0; i < count; i++) {
        stp->labels[i].value = positions[i];
    }
}

static void
make_fun_refs(LoaderState *stp, const ModuleHeader *header, const byte **parts)
{
    const Eterm *terms = (const Eterm*)parts[PART_FUN_REFS];
    Uint count = stp->beam.lambdas.count;
    BeamFile_LiteralTable *literals = &stp->beam.static_literals;
    const Uint32 *places = (const Uint32*)parts[PART_LAMBDA_PATCHES];
    const Uint32 *place = places + header->size[PART_LAMBDA_PATCHES] / sizeof(*place);
    Uint i;

    stp->fun_refs = erts_alloc(ERTS_ALC_T_PREPARED_CODE, (count + 1) * sizeof(SWord));
    literals->entries = erts_alloc(ERTS_ALC_T_PREPARED_CODE,
                                   (count + 1) * sizeof(BeamFile_LiteralEntry));
    literals->count = count;
    for (i = 0; i < count; i++) {
        stp->fun_refs[i] = i;
        literals->entries[i].heap_fragments = NULL;
        literals->entries[i].value = terms[i] + (UWord)stp->code_hdr->literal_area->start;
    }
    while (place > places) {
        beam_load_new_lambda_patch(stp, *--place);
    }
}

/*
 * Fills *stp with the module's prepared code, so that beam_load_finalize_code() finds what it would after
 * beam_load_finish_emit(). Returns 0, and has done nothing, if there is none for this very .beam.
 */
int
beam_load_prepared(LoaderState *stp, const byte *code, Uint size)
{
    const ModuleEntry *entry;
    const ModuleHeader *header;
    const byte *parts[PART_COUNT];
    BeamCodeHeader *hdr;

    if (file == NULL) {
        return 0;
    }
    entry = find_module(stp->module);
    if (entry == NULL || !find_parts(entry, parts)) {
        return 0;
    }
    header = (const ModuleHeader*)(file + entry->offset);
    if (!is_compiled_from(header, code, size)) {
        return 0;
    }

    stp->loaded_size = 2 * header->size[PART_LOWER] + header->size[PART_BYTES];
    hdr = erts_alloc(ERTS_ALC_T_CODE, stp->loaded_size);
    make_block((byte*)hdr, header, parts);
    stp->code_hdr = hdr;
    stp->codev = (BeamInstr*)&hdr->functions;
    hdr->literal_area = make_literals(header, parts);
    add_at((UWord*)hdr, parts[PART_TO_EMULATOR], header->size[PART_TO_EMULATOR], emulator.begin);
    add_at((UWord*)hdr, parts[PART_TO_BLOCK], header->size[PART_TO_BLOCK], (UWord)hdr);
    add_at((UWord*)hdr, parts[PART_TO_LITERALS], header->size[PART_TO_LITERALS],
           (UWord)hdr->literal_area->start);
    put_foreign((UWord*)hdr, parts[PART_FOREIGN_IN_BLOCK], header->size[PART_FOREIGN_IN_BLOCK]);
    if (header->size[PART_NIFS] != 0) {
        hdr->are_nifs = erts_alloc(ERTS_ALC_T_PREPARED_CODE, header->size[PART_NIFS]);
        sys_memcpy(hdr->are_nifs, parts[PART_NIFS], header->size[PART_NIFS]);
    }

    stp->catches = header->catches;
    stp->on_load = header->on_load;
    stp->ci = header->code_words;
    stp->beam.lines.name_count = header->file_names;
    stp->import_patches = (BeamInstr*)parts[PART_IMPORT_PATCHES];
    stp->beam.module = stp->module;
    stp->beam.imports.entries = (BeamFile_ImportEntry*)parts[PART_IMPORTS];
    stp->beam.imports.count = header->size[PART_IMPORTS] / sizeof(BeamFile_ImportEntry);
    stp->beam.exports.entries = (BeamFile_ExportEntry*)parts[PART_EXPORTS];
    stp->beam.exports.count = header->size[PART_EXPORTS] / sizeof(BeamFile_ExportEntry);
    stp->beam.lambdas.entries = (BeamFile_LambdaEntry*)parts[PART_LAMBDAS];
    stp->beam.lambdas.count = header->size[PART_LAMBDAS] / sizeof(BeamFile_LambdaEntry);
    sys_memcpy(stp->beam.checksum, header->md5, MD5_SIZE);
    stp->prepared = 1;
    make_labels(stp, header, parts);
    make_fun_refs(stp, header, parts);
    return 1;
}

/* What is the file's is not to be freed. */
void
beam_load_prepared_forget(LoaderState *stp)
{
    stp->import_patches = NULL;
    stp->beam.imports.entries = NULL;
    stp->beam.exports.entries = NULL;
    stp->beam.lambdas.entries = NULL;
}

/*
 * Writing: erts_debug:get_internal_state/1.
 */

typedef struct {
    byte *bytes;
    size_t size;
    size_t allocated;
} Buffer;

static void
append(Buffer *buffer, const void *bytes, size_t size)
{
    if (buffer->size + size > buffer->allocated) {
        buffer->allocated = 2 * (buffer->size + size);
        buffer->bytes = erts_realloc(ERTS_ALC_T_TMP, buffer->bytes, buffer->allocated);
    }
    if (size != 0) {
        sys_memcpy(buffer->bytes + buffer->size, bytes, size);
        buffer->size += size;
    }
}

typedef struct {
    Buffer part[PART_COUNT];
    size_t last[PART_COUNT];    /* The word that the last step came to. */
    const UWord *block;
    const UWord *block_end;     /* Of the whole, with what are no words. */
    const UWord *literals;
    const UWord *literals_end;
    int failed;                 /* There is something that cannot be written. */
} Writer;

static void
append_step(Writer *writer, enum part part, size_t word)
{
    size_t step = word - writer->last[part];
    byte length = LONG_STEP;

    for (; step >= LONG_STEP; step -= LONG_STEP) {
        append(&writer->part[part], &length, 1);
    }
    length = (byte)step;
    append(&writer->part[part], &length, 1);
    writer->last[part] = word;
}

static UWord
append_foreign(Writer *writer, enum part part, size_t at, Eterm term)
{
    Foreign foreign = {.word = at};

    if (is_any_fun(term) && is_external_fun((const ErlFunThing*)fun_val(term))) {
        const Export *export = ((const ErlFunThing*)fun_val(term))->entry.exp;

        foreign.module = export->info.mfa.module;
        foreign.function = export->info.mfa.function;
        foreign.arity = export->info.mfa.arity;
    } else if (term != ERTS_GLOBAL_LIT_EMPTY_TUPLE) {
        writer->failed = 1;
    }
    append(&writer->part[part], &foreign, sizeof(foreign));
    return 0;
}

/* A word is an address if it lies in one of the three places: by chance it does not, and image_prepare
 * (rootfs/assemble.bash) compares what two emulators at different addresses have written. */
static void
append_word_of_block(Writer *writer, size_t at, UWord word)
{
    Uint32 lower, upper;

    if (is_of_emulator(word)) {
        append_step(writer, PART_TO_EMULATOR, at);
        word -= emulator.begin;
    } else if ((UWord)writer->block <= word && word < (UWord)writer->block_end) {
        append_step(writer, PART_TO_BLOCK, at);
        word -= (UWord)writer->block;
    } else if ((UWord)writer->literals <= word && word < (UWord)writer->literals_end) {
        append_step(writer, PART_TO_LITERALS, at);
        word -= (UWord)writer->literals;
    } else if (erts_is_in_literal_range((void*)word)) {
        word = append_foreign(writer, PART_FOREIGN_IN_BLOCK, at, word);
    }
    lower = (Uint32)word;
    upper = word >> 32;
    append(&writer->part[PART_LOWER], &lower, sizeof(lower));
    if (upper != 0) {
        append_step(writer, PART_UPPER_STEPS, at);
        append(&writer->part[PART_UPPER], &upper, sizeof(upper));
    }
}

static void
append_block(Writer *writer, const LoaderState *stp)
{
    BeamCodeHeader head = *stp->code_hdr;
    const BeamCodeLineTab *lines = head.line_table;
    const UWord *end = (const UWord*)(stp->codev + stp->ci);
    const UWord *at;

    writer->block = (const UWord*)stp->code_hdr;
    writer->block_end = (const UWord*)((const byte*)stp->code_hdr + stp->loaded_size);
    if (lines != NULL) {
        end = (const UWord*)(lines->fname_ptr + stp->beam.lines.name_count);
    }
    head.literal_area = NULL;
    head.are_nifs = NULL;
    for (at = writer->block; at < end; at++) {
        size_t word = at - writer->block;
        UWord value = *at;

        if (word < offsetof(BeamCodeHeader, functions) / sizeof(UWord)) {
            value = ((const UWord*)&head)[word];
        } else if (lines != NULL && at == (const UWord*)&lines->loc_size) {
            value = lines->loc_size; /* Without what is beside it in the word. */
        }
        append_word_of_block(writer, word, value);
    }
    append(&writer->part[PART_BYTES], end, (const byte*)writer->block_end - (const byte*)end);
}

/* The BinRefs among the literals, one after the other: NULL begins, NULL ends. */
static const BinRef *
next_binary(const ErtsLiteralArea *area, const BinRef *binary)
{
    const struct erl_off_heap_header *at =
        binary == NULL ? area->off_heap : binary->next;

    while (at != NULL && thing_subtag(at->thing_word) != BIN_REF_SUBTAG) {
        at = at->next;
    }
    return (const BinRef*)at;
}

static int
has_other_off_heap(const ErtsLiteralArea *area)
{
    const struct erl_off_heap_header *at;

    for (at = area->off_heap; at != NULL; at = at->next) {
        if (thing_subtag(at->thing_word) != BIN_REF_SUBTAG
            && thing_subtag(at->thing_word) != FUN_REF_SUBTAG) {
            return 1;
        }
    }
    return 0;
}

static void
append_binaries(Writer *writer, const ErtsLiteralArea *area)
{
    const BinRef *ref;
    Uint32 i = 0;

    for (ref = next_binary(area, NULL); ref != NULL; ref = next_binary(area, ref)) {
        Uint32 size = ref->val->orig_size;
        UWord begin = (UWord)ref->val;
        UWord end = (UWord)ref->val->orig_bytes + size;
        const UWord *at;

        append(&writer->part[PART_BINARIES], &size, sizeof(size));
        append(&writer->part[PART_BINARY_BYTES], ref->val->orig_bytes, size);
        for (at = writer->literals; at < writer->literals_end; at++) {
            if (begin <= *at && *at <= end) {
                BinaryPlace place = {.word = at - writer->literals, .binary = i};
                UWord *word = (UWord*)writer->part[PART_LITERALS].bytes + place.word;

                append(&writer->part[PART_BINARY_PLACES], &place, sizeof(place));
                *word -= begin;
            }
        }
        i++;
    }
}

/* How many words from here are no terms: the number of bytes in a binary, say. */
static size_t
raw_words(const UWord *at)
{
    if (!is_header(*at)) {
        return 0;
    }
    if (is_map_header(*at)) {
        return is_flatmap_header(*at) || is_hashmap_header_head(*at) ? 2 : 1;
    }
    if (header_is_thing(*at)) {
        switch (thing_subtag(*at)) {
        case HEAP_BITS_SUBTAG:
        case FLOAT_SUBTAG:
        case POS_BIG_SUBTAG:
        case NEG_BIG_SUBTAG:
            return 1 + thing_arityval(*at);
        }
    }
    return 0;
}

/* How many words from here have addresses, among what are no terms. */
static size_t
address_words(const UWord *at)
{
    if (is_header(*at) && !is_map_header(*at) && header_is_thing(*at)) {
        switch (thing_subtag(*at)) {
        case SUB_BITS_SUBTAG:
        case BIN_REF_SUBTAG:
        case FUN_REF_SUBTAG:
            return 1 + thing_arityval(*at);
        case FUN_SUBTAG:
            return 2;
        }
    }
    return 1;
}

static void
append_raw(Writer *writer, const UWord *at, size_t words)
{
    const ErlHeapBits *bits = (const ErlHeapBits*)at;
    Buffer *part = &writer->part[PART_LITERALS];

    append(part, at, words * sizeof(*at));
    if (words > 2 && header_is_thing(*at) && thing_subtag(*at) == HEAP_BITS_SUBTAG) {
        /* What is behind the last byte is whatever was there. */
        size_t unused = (words - 2) * sizeof(*at) - NBYTES(bits->size);
        sys_memzero(part->bytes + part->size - unused, unused);
    }
}

static void
append_word_of_literals(Writer *writer, size_t at, UWord word)
{
    if ((UWord)writer->literals <= word && word < (UWord)writer->literals_end) {
        append_step(writer, PART_IN_LITERALS, at);
        word -= (UWord)writer->literals;
    } else if (erts_is_in_literal_range((void*)word)) {
        word = append_foreign(writer, PART_FOREIGN_IN_LITERALS, at, word);
    }
    append(&writer->part[PART_LITERALS], &word, sizeof(word));
}

static void
append_literals(Writer *writer, const ErtsLiteralArea *area)
{
    const UWord *at, *end;

    writer->literals = (const UWord*)area->start;
    writer->literals_end = (const UWord*)area->end;
    for (at = writer->literals; at < writer->literals_end;) {
        size_t raw = raw_words(at);

        append_raw(writer, at, raw);
        at += raw;
        for (end = raw == 0 ? at + address_words(at) : at; at < end; at++) {
            append_word_of_literals(writer, at - writer->literals, *at);
        }
    }
    append_binaries(writer, area);
}

/* Entries with what is between their fields zero. */
static void
append_tables(Writer *writer, const LoaderState *stp)
{
    Uint32 label = 0;
    int i;

    for (i = 0; i < stp->beam.imports.count; i++) {
        const BeamFile_ImportEntry *from = &stp->beam.imports.entries[i];
        BeamFile_ImportEntry to;

        sys_memzero(&to, sizeof(to));
        to.module = from->module;
        to.function = from->function;
        to.arity = from->arity;
        append(&writer->part[PART_IMPORTS], &to, sizeof(to));
    }
    append(&writer->part[PART_IMPORT_PATCHES], stp->import_patches,
           stp->beam.imports.count * sizeof(BeamInstr));
    for (i = 0; i < stp->beam.exports.count; i++) {
        BeamFile_ExportEntry to = stp->beam.exports.entries[i];
        Uint32 position = stp->labels[to.label].value;

        to.label = label++;
        append(&writer->part[PART_EXPORTS], &to, sizeof(to));
        append(&writer->part[PART_LABELS], &position, sizeof(position));
    }
    for (i = 0; i < stp->beam.lambdas.count; i++) {
        const BeamFile_LambdaEntry *from = &stp->beam.lambdas.entries[i];
        BeamFile_LambdaEntry to;
        Uint32 position = stp->labels[from->label].value;
        Eterm term = beamfile_get_literal(&stp->beam, stp->fun_refs[i]) - (UWord)writer->literals;

        sys_memzero(&to, sizeof(to));
        to.index = from->index;
        to.old_uniq = from->old_uniq;
        to.function = from->function;
        to.num_free = from->num_free;
        to.arity = from->arity;
        to.label = label++;
        append(&writer->part[PART_LAMBDAS], &to, sizeof(to));
        append(&writer->part[PART_LABELS], &position, sizeof(position));
        append(&writer->part[PART_FUN_REFS], &term, sizeof(term));
    }
}

static Eterm
join(Process *p, const LoaderState *stp, Writer *writer)
{
    const ErtsLiteralArea *area = stp->code_hdr->literal_area;
    ModuleHeader header;
    Buffer whole = {NULL, 0, 0};
    const Uint64 zero = 0;
    Eterm binary;
    int i;

    sys_memzero(&header, sizeof(header));
    header.module = stp->module;
    sys_memcpy(header.md5, stp->beam.checksum, MD5_SIZE);
    header.catches = stp->catches;
    header.on_load = stp->on_load;
    header.code_words = stp->ci;
    header.file_names = stp->code_hdr->line_table == NULL ? 0 : stp->beam.lines.name_count;
    header.off_heap = area->off_heap == NULL
        ? 0 : (const UWord*)area->off_heap - writer->literals + 1;
    for (i = 0; i < PART_COUNT; i++) {
        header.size[i] = writer->part[i].size;
    }
    append(&whole, &header, sizeof(header));
    for (i = 0; i < PART_COUNT; i++) {
        const Buffer *part = &writer->part[i];

        append(&whole, part->bytes, part->size);
        append(&whole, &zero, padded(part->size) - part->size);
    }
    binary = erts_new_binary_from_data(p, whole.size, whole.bytes);
    erts_free(ERTS_ALC_T_TMP, whole.bytes);
    return binary;
}

/* The module that `magic`, of erlang:prepare_loading/2, has: its prepared code, or a non-value. Of one that
 * has come from prepared code it is the same again, byte by byte. */
static Eterm
write_module(Process *p, Binary *magic)
{
    const LoaderState *stp = ERTS_MAGIC_BIN_DATA(magic);
    const LambdaPatch *patch;
    Writer writer;
    Eterm whole;
    int i;

    if (ERTS_MAGIC_BIN_DESTRUCTOR(magic) != beam_load_prepared_dtor
        || stp->code_hdr == NULL
        || has_other_off_heap(stp->code_hdr->literal_area)) {
        return THE_NON_VALUE;
    }
    sys_memzero(&writer, sizeof(writer));
    append_literals(&writer, stp->code_hdr->literal_area);
    append_block(&writer, stp);
    append_tables(&writer, stp);
    for (patch = stp->lambda_patches; patch != NULL; patch = patch->next) {
        Uint32 position = patch->pos;
        append(&writer.part[PART_LAMBDA_PATCHES], &position, sizeof(position));
    }
    if (stp->code_hdr->are_nifs) {
        append(&writer.part[PART_NIFS], stp->code_hdr->are_nifs, stp->code_hdr->num_functions);
    }
    whole = writer.failed ? THE_NON_VALUE : join(p, stp, &writer);
    for (i = 0; i < PART_COUNT; i++) {
        if (writer.part[i].bytes != NULL) {
            erts_free(ERTS_ALC_T_TMP, writer.part[i].bytes);
        }
    }
    return whole;
}

/* {BuildId, FirstAtom, LastAtom}: what the file has to begin with. */
Eterm
erts_prepared_code_emulator(Process *p)
{
    Eterm id = erts_new_binary_from_data(p, BUILD_ID_SIZE, emulator.build_id);
    Eterm *hp = HAlloc(p, 4);

    return TUPLE3(hp, id, make_small(first_atom), make_small(last_atom));
}

/* Of a preloaded module its .beam, of what erlang:prepare_loading/2 returns the prepared code. */
Eterm
erts_prepared_code_of(Process *p, Eterm what)
{
    const Preload *preloaded = sys_preloaded();
    int i;

    if (is_internal_magic_ref(what)) {
        return write_module(p, erts_magic_ref2bin(what));
    }
    for (i = 0; is_atom(what) && preloaded[i].name != NULL; i++) {
        if (erts_is_atom_str(preloaded[i].name, what, 0)) {
            return erts_new_binary_from_data(p, preloaded[i].size, preloaded[i].code);
        }
    }
    return THE_NON_VALUE;
}
