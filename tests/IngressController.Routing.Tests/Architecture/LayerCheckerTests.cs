namespace IngressController.Routing.Tests.Architecture
{
    /// <summary>The checker finds the arrows that are planted below, so it does not pass vacuously.</summary>
    public sealed class LayerCheckerTests
    {
        private const string Planted = "IngressController.Routing.Tests.Architecture.Planted";

        [Fact]
        public void An_arrow_upward_is_found_in_a_signature_and_in_code()
        {
            var violations = Check(new Layer("Low"), new Layer("High"), new Layer("Rings.*") { AllowsSideways = true });

            Assert.Equal(["upward: Low.InCode -> High.Upper", "upward: Low.InSignature -> High.Upper"], violations.Where(line => line.StartsWith("upward", StringComparison.Ordinal)));
        }

        [Fact]
        public void An_arrow_downward_is_allowed() => Assert.DoesNotContain(
            Check(new Layer("High"), new Layer("Low"), new Layer("Rings.*") { AllowsSideways = true }), line => line.Contains("Low.", StringComparison.Ordinal));

        [Fact]
        public void An_arrow_sideways_is_found_where_the_layer_does_not_allow_it() => Assert.Equal(
            ["sideways: Rings.A.One -> Rings.B.Two", "sideways: Rings.B.Two -> Rings.A.One", "sideways: Rings.C.Three -> Rings.A.One"],
            Check(new Layer("High"), new Layer("Low"), new Layer("Rings.*")));

        [Fact]
        public void A_ring_is_found_where_the_layer_allows_arrows_sideways() => Assert.Equal(
            ["ring: Rings.A.One -> Rings.B.Two", "ring: Rings.B.Two -> Rings.A.One"],
            Check(new Layer("High"), new Layer("Low"), new Layer("Rings.*") { AllowsSideways = true }));

        [Fact]
        public void A_folder_in_no_layer_is_found() =>
            Assert.Contains($"{Planted}.Rings.A is in no layer", Check(new Layer("High"), new Layer("Low")));

        [Fact]
        public void Uses_of_a_folder_are_found() => Assert.Equal(
            ["Low.InCode -> High.Upper", "Low.InSignature -> High.Upper"], Checker(new Layer("High"), new Layer("Low")).FindUsesOf("High"));

        private static IReadOnlyList<string> Check(params Layer[] layers) => Checker(layers).FindViolations();

        private static LayerChecker Checker(params Layer[] layers) => new(typeof(LayerCheckerTests).Assembly, Planted, layers);
    }
}

namespace IngressController.Routing.Tests.Architecture.Planted.High
{
    internal sealed record Upper;
}

namespace IngressController.Routing.Tests.Architecture.Planted.Low
{
    internal sealed record InSignature(IReadOnlyList<High.Upper> Uppers);

    internal static class InCode
    {
        public static Func<object> Make => () => new High.Upper();
    }
}

namespace IngressController.Routing.Tests.Architecture.Planted.Rings.A
{
    internal sealed record One(B.Two? Two);
}

namespace IngressController.Routing.Tests.Architecture.Planted.Rings.B
{
    internal sealed record Two(A.One? One);
}

namespace IngressController.Routing.Tests.Architecture.Planted.Rings.C
{
    internal sealed record Three(A.One? One);
}
