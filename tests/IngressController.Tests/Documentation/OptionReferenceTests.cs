using IngressController.Cli;

namespace IngressController.Tests.Documentation;

/// <summary>docs/options.md matches the declarations; <c>UPDATE_GOLDEN=1</c> rewrites it.</summary>
public sealed class OptionReferenceTests
{
    [Fact]
    public void The_page_matches_the_declarations() =>
        RepositoryFile.AssertIs(RepositoryFile.Find("docs", "options.md"), OptionReference.Markdown(RunOptionGroups.All));

    [Fact]
    public void An_option_is_a_row_with_its_default()
    {
        var valued = new RunOption("http-port", "PORT", "Port_* a|b of --some-flag.", options => options.Listener.HttpPort, (options, _) => options);
        var unset = new RunOption("context", "NAME", "Context.", options => options.Source.Context, (options, _) => options) { Unset = "POD_NAME, else c" };

        Assert.EndsWith(
            """

            ## Area

            | flag | environment variable | key in `appsettings.json` | default | meaning |
            |---|---|---|---|---|
            | `--http-port PORT` | `INGRESS_HTTP_PORT` | `Ingress:HttpPort` | `8080` | Port\_\* a\|b of `--some-flag`. |
            | `--context NAME` | `INGRESS_CONTEXT` | `Ingress:Context` | `POD_NAME`, else c | Context. |

            """,
            OptionReference.Markdown([new("Area", [valued, unset])]), StringComparison.Ordinal);
    }
}
