/**
 * What mm-core says about get_user_pages: its flags. The look-up itself is a plug-in, {@link dev.cowtable.mm.spi.GupStrategy}.
 *
 * <h2>Models</h2> FOLL_ flags.
 */
@NullMarked
package dev.cowtable.mm.gup;

import org.jspecify.annotations.NullMarked;
