package example;

// tag::readme
import dev.cowtable.suite.kit.DesignKit;

/** Everything that the kit has, over {@code sole}. */
class SoleForkTest extends DesignKit {
    @Override
    protected String design() {
        return "sole";
    }
}
// end::readme
