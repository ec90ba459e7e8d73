using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;
using IngressController.Routing.Tests.Golden;

namespace IngressController.Routing.Tests.Catalog;

/// <summary>docs/migrating-from-ingress-nginx.md has every annotation of ingress-nginx; <c>UPDATE_GOLDEN=1</c> writes its table.</summary>
public sealed class MigrationReferenceTests
{
    private const string Begin = "<!-- annotations: UPDATE_GOLDEN=1 dotnet test --filter MigrationReferenceTests writes this table -->\n";
    private const string End = "<!-- end of annotations -->";

    private static readonly string Page = RepositoryFolder.Combine("docs", "migrating-from-ingress-nginx.md");

    [Fact]
    public void The_table_equals_the_catalogue()
    {
        var page = File.ReadAllText(Page).ReplaceLineEndings("\n");
        var from = page.IndexOf(Begin, StringComparison.Ordinal);
        var to = page.IndexOf(End, StringComparison.Ordinal);
        Assert.True(from >= 0 && to > from, $"{Page} has lost the marks around its table");
        var rendered = $"{page[..from]}{Begin}\n{MigrationReference.Markdown(RouteFeatures.Catalog.Annotations)}\n{page[to..]}";
        switch (GoldenUpdate.Requested(Environment.GetEnvironmentVariable))
        {
            case GoldenUpdate.Answer.Refused:
                Assert.Fail("UPDATE_GOLDEN is refused where CI is set: expectations are changed by people");
                break;
            case GoldenUpdate.Answer.Yes:
                File.WriteAllText(Page, rendered);
                break;
        }

        Assert.True(page == rendered || File.ReadAllText(Page) == rendered, $"{Page} is not what the catalogue says; UPDATE_GOLDEN=1 dotnet test --filter MigrationReferenceTests writes it");
    }

    [Fact]
    public void Every_annotation_of_ingress_nginx_has_one_row()
    {
        var rows = MigrationReference.Markdown(RouteFeatures.Catalog.Annotations).Split('\n')[2..^1];
        Assert.Equal(IngressNginxAnnotations.Names.Count, rows.Length);
        Assert.All(IngressNginxAnnotations.Names.Zip(rows), row => Assert.Contains($"`{row.First}`", row.Second, StringComparison.Ordinal));
        Assert.Equal(IngressNginxAnnotations.Names.Order(StringComparer.Ordinal), IngressNginxAnnotations.Names);
        Assert.Equal(136, IngressNginxAnnotations.Names.Count(name => RouteFeatures.Catalog.Annotations.Find(name)!.Name == name));
    }

    [Fact]
    public void Only_annotations_of_ingress_nginx_differ_from_it() => Assert.All(
        RouteFeatures.Catalog.Annotations.Groups.SelectMany(group => group.Keys).Where(key => key.Difference is not null),
        key => Assert.Contains(key.Name, IngressNginxAnnotations.Names));

    [Theory]
    [InlineData("satisfy", "| [`satisfy`](annotations.md#satisfy) | same, with a difference | API keys (api-key-secret) are one of the checks. |")]
    [InlineData("enable-cors", "| [`enable-cors`](annotations.md#enable-cors) | same |  |")]
    [InlineData("whitelist-source-range", "| [`whitelist-source-range`](annotations.md#allowlist-source-range) | same | The older name of allowlist-source-range. |")]
    [InlineData("proxy-buffering", "| `proxy-buffering` | accepted, nothing to do | Responses are streamed to the client. |")]
    [InlineData("fastcgi-index", "| `fastcgi-index` | refused | Put an HTTP server in front of the FastCGI application. |")]
    [InlineData("auth-tls-match-cn", "| `auth-tls-match-cn` | planned; closes the paths | Until then, its paths answer 503. |")]
    public void A_row_says_what_becomes_of_the_annotation(string name, string row)
    {
        Assert.NotNull(RouteFeatures.Catalog.Annotations.Find(name));
        Assert.Contains(row + "\n", MigrationReference.Markdown(RouteFeatures.Catalog.Annotations), StringComparison.Ordinal);
    }
}
