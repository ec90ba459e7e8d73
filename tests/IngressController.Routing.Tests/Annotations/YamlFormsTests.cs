using System.Text;
using IngressController.Routing.Annotations;

namespace IngressController.Routing.Tests.Annotations;

/// <summary>YAML of tenants is read or refused without exception, which would stop the translation of all objects.</summary>
public sealed class YamlFormsTests
{
    private static readonly string[] Pieces =
    [
        "a", "b: ", ": ", "- ", "-", "\n", "\n  ", "\n    ", "\n\t", "[", "]", "{", "}", ",", "\"", "'", "&a ", "*a", "!", "!!str ", "|", ">", "|-\n", ">2+\n", "#", " #c\n", "%YAML 1.2\n", "%TAG ! x:\n",
        "---\n", "...\n", "? ", "~", "null", "\\x00", "\\u0085", "\\", "\r\n", "\uFEFF", "\u2028", "\u00e9", "\ud83d\ude00", "\ud800", "<<: ", "@", "`", "=", "1e999", " ",
    ];

    [Fact]
    public void Random_text_is_read_or_refused()
    {
        var random = new Random(4711);
        for (var round = 0; round < 60_000; round++)
        {
            var text = new StringBuilder();
            for (var i = random.Next(1, 24); i > 0; i--)
                text.Append(Pieces[random.Next(Pieces.Length)]);
            var parsed = YamlForms.Parse(text.ToString());
            Assert.True(parsed.Problem is not null || parsed.Value is not null, text.ToString());
        }
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{")]
    [InlineData("- ")]
    [InlineData("? ")]
    [InlineData("[{")]
    [InlineData("{a: ")]
    [InlineData("\"a\": ")]
    [InlineData("[a, ")]
    [InlineData("'")]
    [InlineData("- a\n")]
    [InlineData("&a ")]
    [InlineData("!a ")]
    [InlineData("{a: *a, ")]
    public void A_pattern_repeated_to_the_longest_text_is_read_or_refused(string pattern)
    {
        var text = string.Concat(Enumerable.Repeat(pattern, 32 * 1024 / pattern.Length));
        var parsed = YamlForms.Parse(text);
        Assert.True(parsed.Problem is not null || parsed.Value is YamlValue.List or YamlValue.Text, text[..20]);
    }

    [Fact]
    public void A_longer_text_is_refused_unread() => Assert.Contains("longer than", YamlForms.Parse(new string('a', 32 * 1024 + 1)).Problem, StringComparison.Ordinal);

    [Theory]
    [InlineData("[GET, 'P', \"Q\", ~, 1]", "GET|P|Q||1")]
    [InlineData("- a\n- \"~\"\n- null\n-", "a|~||")]
    [InlineData("[]", "")]
    public void Scalars_are_texts_and_null_is_an_empty_one(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', YamlForms.TextList.Read(text).Value));

    [Fact]
    public void Maps_keep_the_order_in_which_they_are_written()
    {
        var maps = YamlForms.TextMapList.Read("- b: 1\n  a: 2\n- {c: 3}").Value;
        Assert.Equal(["b=1", "a=2", "c=3"], maps.SelectMany(map => map).Select(entry => $"{entry.Key}={entry.Value}"));
    }
}
