using IngressController.Routing.Annotations;
using IngressController.Routing.Catalog;
using IngressController.Routing.Settings;
using IngressController.Routing.Tests.Golden;

namespace IngressController.Routing.Tests.Catalog;

/// <summary>docs/annotations.md equals the catalogue; <c>UPDATE_GOLDEN=1</c> writes it.</summary>
public sealed class AnnotationReferenceTests
{
    private static readonly string File = RepositoryFolder.Combine("docs", "annotations.md");

    [Fact]
    public void The_page_equals_the_catalogue()
    {
        var rendered = AnnotationReference.Markdown(RouteFeatures.Catalog.Annotations.Groups, RouteFeatures.Catalog.Settings.All);
        switch (GoldenUpdate.Requested(Environment.GetEnvironmentVariable))
        {
            case GoldenUpdate.Answer.Refused:
                Assert.Fail("UPDATE_GOLDEN is refused where CI is set: expectations are changed by people");
                break;
            case GoldenUpdate.Answer.Yes:
                System.IO.File.WriteAllText(File, rendered);
                break;
        }

        Assert.True(System.IO.File.Exists(File), $"{File} does not exist; UPDATE_GOLDEN=1 writes it");
        Assert.True(
            System.IO.File.ReadAllText(File).ReplaceLineEndings("\n") == rendered,
            "docs/annotations.md is not what the catalogues say; UPDATE_GOLDEN=1 dotnet test --filter AnnotationReferenceTests writes it anew");
    }

    [Fact]
    public void A_supported_annotation_has_a_section()
    {
        var key = new AnnotationKey<int>
        {
            Name = "limit",
            Aliases = ["old-limit"],
            Form = ValueForms.Integer(1, 9),
            Default = "none",
            Scope = AnnotationScope.Host,
            OnBadValue = OnBadValue.CloseRoute,
            Documentation = "Limits *all* of a|b, see `x_y*`.",
        };

        Assert.Contains("""

            ## Limits

            ### `limit`

            Limits \*all\* of a|b, see `x_y*`.

            - Value: a whole number from 1 to 9
            - Default: none
            - Scope: the whole host, including paths of other Ingresses; the oldest Ingress takes precedence
            - Invalid value: the paths of the Ingress answer 503
            - Aliases: `old-limit`

            """, AnnotationReference.Markdown([new("Limits", [key])], []), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unsupported_annotation_is_a_row()
    {
        var key = new AnnotationKey<string>
        {
            Name = "snippet",
            Form = ValueForms.Text,
            Documentation = "Runs a|b.",
            Support = new AnnotationSupport.Never("use c"),
        };

        Assert.Contains("\n| annotation | meaning |\n|---|---|\n| `snippet` | Runs a\\|b. |\n", AnnotationReference.Markdown([new("Other", [key])], []), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_are_the_last_section()
    {
        var setting = SettingKey.Of("x-y", ValueForms.Boolean, "false", "Does it.", (settings, _) => settings);

        Assert.EndsWith(
            "| setting | value | default | meaning |\n|---|---|---|---|\n| `x-y` | true or false | false | Does it. |\n",
            AnnotationReference.Markdown([], [setting]), StringComparison.Ordinal);
    }
}
