namespace IngressController.Tests.Charts;

/// <summary>The README of the chart lists its values as values.yaml describes them. <c>UPDATE_GOLDEN=1</c> rewrites the list.</summary>
public sealed class ChartReadmeTests
{
    private const string Begin = "<!-- The tables below are generated from the comments in values.yaml. -->\n\n";

    private static string Values => RepositoryFile.Read("charts", "yarp-ingress", "values.yaml");

    [Fact]
    public void The_readme_lists_the_current_values()
    {
        var file = Path.Combine(RepositoryFile.Chart, "README.md");
        var text = File.ReadAllText(file).ReplaceLineEndings("\n");
        var start = text.IndexOf(Begin, StringComparison.Ordinal);
        Assert.True(start >= 0, $"{file} has no line {Begin}");
        RepositoryFile.AssertIs(file, text[..(start + Begin.Length)] + ValuesReference.Markdown(Values).TrimEnd() + "\n");
    }

    [Fact]
    public void Every_value_is_described() => Assert.Empty(ValuesReference.Undescribed(Values));

    [Fact]
    public void Comments_belong_to_the_key_below_them()
    {
        const string Text = """
            ## First

            # What a is,
            # on two lines.
            a: ""
            b:
              # What c is.
              c: 1
              # What d is: `x|y`.
              d: {}
            ## Second

            # All of e.
            e:
              f: [1]
            g: null
            """;
        Assert.Equal(
            """
            ### First

            | value | meaning | default |
            |---|---|---|
            | `a` | What a is, on two lines. | `""` |
            | `b.c` | What c is. | `1` |
            | `b.d` | What d is: `x\|y`. | `{}` |

            ### Second

            | value | meaning | default |
            |---|---|---|
            | `e` | All of e. | `{"f":[1]}` |


            """,
            ValuesReference.Markdown(Text));
        Assert.Equal(["g"], ValuesReference.Undescribed(Text));
    }
}
