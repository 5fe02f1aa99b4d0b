/**
 * Recorded memory layouts of real processes: the model, its text format, and the recorder that makes them.
 *
 * <p>Models: {@code /proc/PID/smaps}, {@code pagemap}, {@code status} and the {@code PAGEMAP_SCAN} ioctl of Linux.
 *
 * <p>Leaves out: page contents, frame numbers, directories of file names, soft-dirty and userfaultfd bits,
 * PageAnonExclusive (pagemap bit 56 means "sole mapper" and is recorded as just that).
 *
 * <p>Entry points: {@link dev.cowtable.suite.snapshot.SnapshotReader},
 * {@link dev.cowtable.suite.snapshot.SnapshotWriter}, {@link dev.cowtable.suite.snapshot.ProcessRecorder},
 * {@link dev.cowtable.suite.snapshot.Snapshot}.
 *
 * <h2>The format, version 1</h2>
 * UTF-8 text, one item per line, gzip when the file's name ends in {@code .gz}. Empty lines and lines that start with
 * {@code #} are skipped. The header lines come once each, in this order; then the VMAs by ascending address; then
 * {@code end} with the number of VMAs, so that a cut file is noticed.
 *
 * <pre>
 * cowtable-snapshot 1
 * kernel 6.18.44                    version without the local suffix
 * comm redis-server                 rest of the line
 * zero-pages pagemap-scan           how the zero page was told apart: pagemap-scan, pfn or smaps
 * huge-pages pagemap-scan           how PMD mappings were told apart: pagemap-scan or smaps
 * layout steady                     or "moving": the VMAs changed during every attempt to record them
 * status VmPTE=2232 VmRSS=1060000 VmSize=... RssAnon=... RssFile=... RssShmem=... VmSwap=... THP_enabled=0
 * vma 7f21c0000000-7f21c0400000 rw-p 0 anon anon_vma rd,wr,mr,mw,me,ac,sd NAME
 * pages a1000 .23 w
 * end 1
 * </pre>
 *
 * <p>{@code status}: the values of {@code /proc/PID/status}, in kB but for THP_enabled. VmPTE counts the tables of all
 * levels but the top one.
 *
 * <p>{@code vma START-END PERMS OFFSET KIND ANONVMA FLAGS [NAME]}: addresses and file offset in hexadecimal bytes; KIND
 * is {@code anon heap stack file shmem special}; ANONVMA is {@code anon_vma} or {@code -}, deduced from the pages;
 * FLAGS are the two-letter VmFlags with commas, or {@code -}; NAME (rest of the line) is the last part of the path,
 * or the name in brackets.
 *
 * <p>{@code pages}: one or several lines per VMA, runs of a letter and a decimal number of 4 kB pages (no number: 1),
 * which add up to the VMA's size. The letters are those of {@link dev.cowtable.suite.snapshot.PageState}.
 *
 * <table>
 * <caption>Page states</caption>
 * <tr><td>{@code .}</td><td>no entry</td></tr>
 * <tr><td>{@code a A}</td><td>anonymous, sole mapper; mapped more than once</td></tr>
 * <tr><td>{@code f}</td><td>page cache: file, or shmem where the VMA's kind is shmem; also a mapping without a page of
 * its own (vvar, device)</td></tr>
 * <tr><td>{@code w}</td><td>swapped out (or under migration)</td></tr>
 * <tr><td>{@code z}</td><td>the zero page</td></tr>
 * <tr><td>{@code g}</td><td>guard marker (MADV_GUARD_INSTALL)</td></tr>
 * <tr><td>{@code h H F Z}</td><td>mapped by a PMD entry: anonymous sole, anonymous shared, page cache, zero</td></tr>
 * </table>
 *
 * <p>How sure the letters are: {@code pagemap} gives present, swapped, file and sole mapper. The zero page looks there
 * like a shared anonymous page. {@code PAGEMAP_SCAN} (Linux 6.7) tells it; else, with privilege, the frame number and
 * {@code /proc/kpageflags}; else the Anonymous figure of smaps decides for a whole VMA, and where that leaves a mixture
 * the doubtful pages are written as {@code f}. The huge zero page is told by frame number or else by AnonHugePages.
 * Without {@code PAGEMAP_SCAN}, PMD mappings are an approximation: as many full, aligned, uniform 2 MB blocks of the
 * VMA as AnonHugePages, ShmemPmdMapped and FilePmdMapped allow, from the lowest address.
 */
@NullMarked
package dev.cowtable.suite.snapshot;

import org.jspecify.annotations.NullMarked;
