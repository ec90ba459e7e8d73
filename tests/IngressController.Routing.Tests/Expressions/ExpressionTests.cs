using IngressController.Routing.Expressions;

namespace IngressController.Routing.Tests.Expressions;

/// <summary>The text of refusals, and the paths that a refused expression closes.</summary>
public sealed class ExpressionTests
{
    [Theory]
    [InlineData("(?R)", "contains the recursion (?R), which is not supported")]
    [InlineData("(a)(?1)", "contains the recursion (?1), which is not supported")]
    [InlineData("(?<n>a)(?&n)", "contains the recursion (?&n), which is not supported")]
    [InlineData("(?<n>a)(?P>n)", "contains the recursion (?P>n), which is not supported")]
    [InlineData("(a)\\g<1>", "contains the recursion \\g<1>, which is not supported")]
    [InlineData("(*UTF8)a", "contains (*UTF8) at the start, which is not supported")]
    [InlineData("a(*SKIP)b", "contains (*SKIP), which is not supported")]
    [InlineData("\\X", "contains \\X, which is not supported")]
    [InlineData("\\p{Greek}", "contains \\p{Greek}, which is not supported")]
    [InlineData("(?C1)", "contains a callout (?C), which is not supported")]
    [InlineData("(?(R)a)", "contains the condition (?(R), which is not supported")]
    [InlineData("(?<=(a))b", "contains a capturing group in a lookbehind, which is not supported")]
    [InlineData("(?<=a|b+)c", "has a lookbehind whose length is not fixed")]
    [InlineData("a{,3}", "contains {,3}, which versions of PCRE2 read differently; write {0,3}")]
    [InlineData("a{3,1}", "contains {3,1}, whose numbers are out of order")]
    [InlineData("a**", "has a quantifier with nothing to repeat before it")]
    [InlineData("^*", "has a quantifier with nothing to repeat before it")]
    [InlineData("[z-a]", "has a range out of order, z-a")]
    [InlineData("[a", "lacks a ] that ends a class")]
    [InlineData("(a", "lacks a closing parenthesis")]
    [InlineData("a)", "has a closing parenthesis without an opening one")]
    [InlineData("a\\", "ends with a backslash")]
    [InlineData("(a)\\2", "refers to group 2, which does not exist")]
    [InlineData("\\k<n>(?<n>a)", "refers to a group named n, which is not defined before it")]
    [InlineData("(?<n>a)(?<n>b)", "has two groups named n")]
    [InlineData("[[:letter:]]", "has an unknown class [:letter:]")]
    [InlineData("[:alpha:]", "has [:alpha:], but named classes stand in brackets of their own, as in [[:alpha:]]")]
    [InlineData("(?z)a", "(?z) contains an unknown option")]
    [InlineData("(?:a|b?)+?", "contains a repeated group that can match the empty text, which is not supported")]
    public void A_refusal_names_the_construct(string text, string problem)
    {
        Assert.Null(Expression.TryParse(text, ignoresCase: false, out var actual));
        Assert.Equal(problem, actual);
    }

    [Fact]
    public void Nested_groups_are_limited() =>
        Assert.Null(Expression.TryParse($"{new string('(', 300)}{new string(')', 300)}", ignoresCase: false, out _));

    [Theory]
    [InlineData("/admin/(?R)", "/admin/")]
    [InlineData("/admin?/(?R)", "/admi")]
    [InlineData("/admin*(?R)", "/admi")]
    [InlineData("/admin{2}(?R)", "/admi")]
    [InlineData("/admin+(?R)", "/admin")]
    [InlineData("/a.b(?R)", "/a")]
    [InlineData("/a\\.b(?R)", "/a")]
    [InlineData("/a(b|c)(?R)", "/a")]
    [InlineData("/a(b|c)(?R)|/d", "")]
    [InlineData("/a|/b(?R)", "")]
    [InlineData("/a\\|b(?R)", "/a")]
    [InlineData("/a(b|c", "")]
    [InlineData("/a)|b", "")]
    [InlineData("/a\\Q(\\E|b(?R)", "")]
    [InlineData("/a[z-a]|b", "")]
    [InlineData("/a(?#()|b(?R)", "")]
    [InlineData("(?R)", "")]
    public void Everything_that_an_expression_can_match_begins_with_its_literal_start(string text, string start) =>
        Assert.Equal(start, LiteralStart.Of(text));
}
