using System.Text.Json;
using IngressController.Cli;
using IngressController.Routing.Catalog;

namespace IngressController.Tests.Cli;

/// <summary>The <c>annotations</c> and <c>settings</c> commands.</summary>
public sealed class CatalogCommandTests
{
    [Fact]
    public async Task Annotations_are_listed_by_group_with_one_line_each()
    {
        var (code, text, error) = await CommandRun.InvokeAsync(["annotations"]);

        Assert.Equal((0, ""), (code, error));
        var lines = text.Split('\n');
        Assert.All(RouteFeatures.Catalog.Annotations.Groups, group => Assert.Contains(group.Name, lines));
        Assert.All(RouteFeatures.Catalog.Annotations.Groups.SelectMany(group => group.Keys), key => Assert.Single(lines, line => line.StartsWith($"  {key.Name} ", StringComparison.Ordinal)));
        Assert.All(lines, line => Assert.True(line.Length <= 220, line));
        Assert.Contains("  canary-by-header          a header name ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("configuration-snippet")]
    [InlineData("nginx.ingress.kubernetes.io/configuration-snippet")]
    [InlineData("yarp.ingress.kubernetes.io/configuration-snippet")]
    public async Task Annotation_is_described_with_or_without_its_prefix(string name)
    {
        var (code, text, _) = await CommandRun.InvokeAsync(["annotations", name]);

        Assert.Equal(0, code);
        Assert.StartsWith("configuration-snippet (Not supported)\n\n  Not supported; use annotations instead, such as ", text, StringComparison.Ordinal);
        Assert.Contains("\n  Value          text\n  Default        none\n  Scope          the paths of the Ingress\n  Invalid value  it is ignored\n  Support        not supported; use", text, StringComparison.Ordinal);
        Assert.EndsWith("\n  Aliases        -\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alias_finds_the_annotation()
    {
        var keys = RouteFeatures.Catalog.Annotations.Groups.SelectMany(group => group.Keys).Where(key => key.Aliases.Count > 0);
        foreach (var key in keys)
            Assert.StartsWith($"{key.Name} (", (await CommandRun.InvokeAsync(["annotations", key.Aliases[0]])).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no annotation \"canari\"; did you mean canary?", "annotations", "nginx.ingress.kubernetes.io/canari")]
    [InlineData("there is no annotation \"qqqqqqqqqqqq\"; run ingress-controller annotations for a list", "annotations", "qqqqqqqqqqqq")]
    [InlineData("there is no setting \"limit-req-status\"; did you mean limit-req-status-code?", "settings", "limit-req-status")]
    [InlineData("there is no setting \"qqqqqqqqqqqq\"; run ingress-controller settings for a list", "settings", "qqqqqqqqqqqq")]
    public async Task Unknown_name_suggests_the_most_similar_one(string expected, params string[] args) =>
        Assert.Equal((1, "", $"ingress-controller: {expected}\n"), await CommandRun.InvokeAsync(args));

    [Fact]
    public async Task Json_has_all_annotations_with_their_members()
    {
        var (_, all, _) = await CommandRun.InvokeAsync(["annotations", "-o", "json"]);
        var (_, one, _) = await CommandRun.InvokeAsync(["annotations", "auth-tls-secret", "-o", "json"]);

        using var json = JsonDocument.Parse(all);
        Assert.Equal(RouteFeatures.Catalog.Annotations.Groups.Sum(group => group.Keys.Count), json.RootElement.GetArrayLength());
        using var single = JsonDocument.Parse(one);
        Assert.Equal(
            ["Not yet supported", "auth-tls-secret", "the paths of the Ingress answer 503"],
            ((string[])["group", "name", "onBadValue"]).Select(name => single.RootElement.GetProperty(name).GetString()));
    }

    [Fact]
    public async Task Settings_are_listed_with_one_line_each()
    {
        var (code, text, error) = await CommandRun.InvokeAsync(["settings"]);

        Assert.Equal((0, ""), (code, error));
        var lines = text.TrimEnd().Split('\n');
        Assert.StartsWith("NAME ", lines[0], StringComparison.Ordinal);
        Assert.Equal(RouteFeatures.Catalog.Settings.All.Select(setting => setting.Name), lines[1..].Select(line => line.Split(' ')[0]));
    }

    [Theory]
    [InlineData("limit-conn-status-code")]
    [InlineData("--limit-conn-status-code")]
    public async Task Setting_is_described_with_the_options_that_set_it(string name)
    {
        // The parser treats an argument that begins with dashes as an option, unless it follows --.
        var (code, text, _) = await CommandRun.InvokeAsync(["settings", "--", name]);

        Assert.Equal(0, code);
        Assert.Equal("""
            limit-conn-status-code

              The status of requests over limit-connections.

              Value        a whole number from 400 to 599
              Default      503
              Flag         --limit-conn-status-code
              Environment  INGRESS_LIMIT_CONN_STATUS_CODE
              appsettings  Ingress:LimitConnStatusCode

            """, text);
    }

    [Fact]
    public void A_paragraph_is_wrapped_between_words() =>
        Assert.Equal("  aa bb\n  cccccccc\n  d\n", TextTable.Wrap("aa bb cccccccc d", 5, "  "));
}
