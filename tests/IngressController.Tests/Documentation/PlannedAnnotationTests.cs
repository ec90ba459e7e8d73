using System.Text.RegularExpressions;
using IngressController.Cli;
using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;

namespace IngressController.Tests.Documentation;

/// <summary>An annotation that is not supported yet names the options that apply instead, with their defaults.</summary>
public sealed partial class PlannedAnnotationTests
{
    private static readonly AnnotationSupport.NotYet[] Planned =
        [.. RouteFeatures.Catalog.Annotations.Groups.SelectMany(group => group.Keys).Select(key => key.Support).OfType<AnnotationSupport.NotYet>()];

    [Fact]
    public void Options_exist_and_have_the_named_defaults()
    {
        var named = Planned.SelectMany(planned => Option().Matches(planned.Meanwhile)).ToArray();

        Assert.NotEmpty(named);
        Assert.All(named, option => Assert.Equal(RunOptions.Declared.Single(declared => declared.Flag == option.Groups[1].Value).DefaultValue, option.Groups[2].Value));
    }

    [Theory]
    [InlineData("http-client", "proxy-connect-timeout")]
    [InlineData("http-client", "proxy-read-timeout")]
    [InlineData("http-request", "proxy-read-timeout")]
    public void The_options_that_apply_instead_are_named(string name, string option) =>
        Assert.Contains($"--{option} (", ((AnnotationSupport.NotYet)RouteFeatures.Catalog.Annotations.Find(name)!.Support).Meanwhile, StringComparison.Ordinal);

    [GeneratedRegex(@"(--[a-z-]+)(?: \(([0-9]+) s unless set\))?", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Option();
}
