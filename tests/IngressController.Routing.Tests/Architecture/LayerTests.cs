using IngressController.Routing.Translation;

namespace IngressController.Routing.Tests.Architecture;

/// <summary>The folders of the project have layers, and arrows only point down.</summary>
public sealed class LayerTests
{
    /// <summary>From bottom to top.</summary>
    private static readonly Layer[] Layers =
    [
        new("Values"),
        new("Diagnostics"),
        new("Cluster", "Table"),
        new("Annotations"),
        new("Settings"),
        new("Features"),
        new("Features.*"),
        new("Catalog"),
        new("Translation"),
    ];

    private static readonly LayerChecker Checker = new(typeof(RoutingTableTranslator).Assembly, "IngressController.Routing", Layers);

    [Fact]
    public void Arrows_between_folders_point_down()
    {
        var violations = Checker.FindViolations();

        Assert.True(violations.Count == 0, string.Join('\n', violations));
    }

    [Fact]
    public void Features_are_named_by_the_list_of_features_only()
    {
        var uses = Checker.FindUsesOf("Features.*");
        var others = uses.Where(use => !use.StartsWith("Catalog.RouteFeatures -> ", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(uses);
        Assert.True(others.Length == 0, string.Join('\n', others));
    }
}
