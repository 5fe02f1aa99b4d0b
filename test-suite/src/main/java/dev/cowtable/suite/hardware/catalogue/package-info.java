/**
 * The litmus tests of the paging unit, by theme; each table says what the manuals allow and why.
 *
 * <p><b>Models:</b> the rules of SDM volume 3, 4.8, 4.10 and 8.2 and of APM volume 2, 5.5, one by one. Cases that
 * TransForm (ISCA 2020) and COATCheck (ASPLOS 2016) name are pointed to where a test goes with them.
 * <p><b>Leaves out:</b> tests of a single access, which are test vectors' business.
 * <p><b>Entry points:</b> {@link dev.cowtable.suite.hardware.catalogue.HardwareTests}.
 */
@NullMarked
package dev.cowtable.suite.hardware.catalogue;

import org.jspecify.annotations.NullMarked;
