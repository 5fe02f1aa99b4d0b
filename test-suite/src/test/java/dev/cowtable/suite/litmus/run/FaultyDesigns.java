package dev.cowtable.suite.litmus.run;

import dev.cowtable.mm.Kernel;
import dev.cowtable.mm.spi.Design;
import dev.cowtable.mm.spi.GupStrategy;
import dev.cowtable.mm.spi.GupStrategyProvider;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The classic design with one planted defect. */
final class FaultyDesigns {
    private static final Design CLASSIC = Design.parse("classic");

    private FaultyDesigns() {}

    /** Pins are not supported. */
    static Design refusingGup() {
        return withGup(kernel -> planted(GupStrategy.class, CLASSIC.createGup(kernel), "getUserPagesFast",
                new UnsupportedOperationException("no pins today")));
    }

    /** Unpinning does nothing. */
    static Design forgettingUnpin() {
        return withGup(kernel -> planted(GupStrategy.class, CLASSIC.createGup(kernel), "unpinUserPages", null));
    }

    /** Pinning throws. */
    static Design dyingGup() {
        return withGup(kernel -> planted(GupStrategy.class, CLASSIC.createGup(kernel), "getUserPagesFast",
                new IllegalStateException("planted")));
    }

    private static Design withGup(Function<Kernel, Object> maker) {
        GupStrategyProvider provider = new GupStrategyProvider() {
            @Override
            public String name() {
                return "faulty";
            }

            @Override
            public String description() {
                return "has a planted defect";
            }

            @Override
            public GupStrategy create(Kernel kernel) {
                return (GupStrategy) maker.apply(kernel);
            }
        };
        return new Design(CLASSIC.fork(), Map.of(), provider);
    }

    /** {@code target} whose method {@code name} throws, or does nothing if {@code thrown} is null. */
    private static Object planted(Class<?> type, Object target, String name,
            @Nullable RuntimeException thrown) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (_, method, args) -> {
            if (method.getName().equals(name)) {
                if (thrown != null) {
                    throw thrown;
                }
                return null;
            }
            try {
                return method.invoke(target, args);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }
}
