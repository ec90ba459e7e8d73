namespace IngressController.Tests.Features.Canary;

/// <summary>canary-by-header, -value, -pattern and canary-by-cookie, and their precedence. The weights are 0 and 100, so that nothing is left to chance.</summary>
public sealed class CanaryRulesTests(CanaryFixture proxy) : IClassFixture<CanaryFixture>
{
    [Theory]
    [InlineData("X-Canary: always\r\n", "next")]
    [InlineData("x-canary: always\r\n", "next")]
    [InlineData("X-Canary:   always  \r\n", "next")]
    [InlineData("X-Canary: never\r\n", "main")]
    [InlineData("X-Canary: Always\r\n", "main")]
    [InlineData("X-Canary: true\r\n", "main")]
    [InlineData("X-Canary:\r\n", "main")]
    [InlineData("X-Canary: always\r\nX-Canary: always\r\n", "main")]
    [InlineData("X-Other: always\r\n", "main")]
    [InlineData("", "main")]
    public async Task A_header_selects_and_excludes(string fields, string backend) =>
        Assert.Equal(backend, await proxy.AskAsync(await proxy.ServeAsync(("canary-by-header", "X-Canary")), fields));

    [Theory]
    [InlineData("X-Canary: never\r\n", "main")]
    [InlineData("X-Canary: later\r\n", "next")]
    [InlineData("X-Canary:\r\n", "next")]
    [InlineData("", "next")]
    public async Task Never_takes_precedence_over_the_weight(string fields, string backend) =>
        Assert.Equal(backend, await proxy.AskAsync(await proxy.ServeAsync(("canary-by-header", "X-Canary"), ("canary-weight", "100")), fields));

    [Theory]
    [InlineData("X-Region: eu west\r\n", "next")]
    [InlineData("X-Region: EU WEST\r\n", "main")]
    [InlineData("X-Region: eu west 1\r\n", "main")]
    [InlineData("X-Region: always\r\n", "main")]
    public async Task A_value_is_compared_exactly_and_replaces_always(string fields, string backend) => Assert.Equal(
        backend, await proxy.AskAsync(await proxy.ServeAsync(("canary-by-header", "X-Region"), ("canary-by-header-value", "eu west")), fields));

    [Theory]
    [InlineData("X-Region: never\r\n", "next")]
    [InlineData("X-Region: never\r\nCookie: c=never\r\n", "main")]
    [InlineData("X-Region: eu\r\nCookie: c=never\r\n", "next")]
    public async Task With_a_value_never_leaves_the_request_to_cookie_and_weight(string fields, string backend) => Assert.Equal(
        backend,
        await proxy.AskAsync(
            await proxy.ServeAsync(("canary-by-header", "X-Region"), ("canary-by-header-value", "eu"), ("canary-by-cookie", "c"), ("canary-weight", "100")), fields));

    [Theory]
    [InlineData("café", "X-Name: caf\u00c3\u00a9\r\n", "next")]
    [InlineData("café", "X-Name: caf\u00e9\r\n", "main")]
    public async Task A_value_is_compared_by_the_bytes_of_its_UTF8(string value, string fields, string backend) => Assert.Equal(
        backend, await proxy.AskAsync(await proxy.ServeAsync(("canary-by-header", "X-Name"), ("canary-by-header-value", value)), fields));

    [Theory]
    [InlineData("^Do[A-Z][a-z]+y$", "DoCanary", "next")]
    [InlineData("^Do[A-Z][a-z]+y$", "Docanary", "main")]
    [InlineData("an", "DoCanary", "next")]
    [InlineData("^$", "", "next")]
    [InlineData("^never$", "never", "next")]
    [InlineData("v[12]", "always", "main")]
    [InlineData("^a, b$", "a\r\nX-Canary: b", "next")]
    public async Task A_pattern_matches_anywhere_and_replaces_always(string pattern, string value, string backend) => Assert.Equal(
        backend,
        await proxy.AskAsync(await proxy.ServeAsync(("canary-by-header", "X-Canary"), ("canary-by-header-pattern", pattern)), $"X-Canary: {value}\r\n"));

    [Theory]
    [InlineData("DoCananry", "main")]
    [InlineData("DoCanary", "next")]
    public async Task A_pattern_beside_a_value_is_ignored(string value, string backend) => Assert.Equal(
        backend,
        await proxy.AskAsync(
            await proxy.ServeAsync(("canary-by-header", "X-Canary"), ("canary-by-header-value", "DoCanary"), ("canary-by-header-pattern", "^Do[A-Z][a-z]+y$")),
            $"X-Canary: {value}\r\n"));

    [Theory]
    [InlineData("[][**da?$&*", "X-Canary: DoCanary\r\nCookie: c=always\r\n", "main")]
    [InlineData("(", "X-Canary: always\r\n", "main")]
    [InlineData("(", "X-Canary:\r\n", "main")]
    [InlineData("(", "", "next")]
    [InlineData("(", "Cookie: c=never\r\n", "main")]
    public async Task An_invalid_pattern_sends_requests_with_the_header_to_main(string pattern, string fields, string backend) => Assert.Equal(
        backend,
        await proxy.AskAsync(
            await proxy.ServeAsync(("canary-by-header", "X-Canary"), ("canary-by-header-pattern", pattern), ("canary-by-cookie", "c"), ("canary-weight", "100")), fields));

    [Theory]
    [InlineData("Cookie: canary=always\r\n", "next")]
    [InlineData("Cookie: a=1; canary=always; b=2\r\n", "next")]
    [InlineData("Cookie: a=1\r\nCookie: canary=always\r\n", "next")]
    [InlineData("Cookie: Canary=always\r\n", "next")]
    [InlineData("Cookie: canary=never; canary=always\r\n", "main")]
    [InlineData("Cookie: canary=Always\r\n", "main")]
    [InlineData("Cookie: canary=\"always\"\r\n", "main")]
    [InlineData("Cookie: xcanary=always\r\n", "main")]
    [InlineData("Cookie: canary=never\r\n", "main")]
    [InlineData("Cookie: canary=\r\n", "main")]
    [InlineData("canary: always\r\n", "main")]
    public async Task A_cookie_selects_and_excludes(string fields, string backend) =>
        Assert.Equal(backend, await proxy.AskAsync(await proxy.ServeAsync(("canary-by-cookie", "canary")), fields));

    [Theory]
    [InlineData("X-Canary: always\r\nCookie: c=never\r\n", "next")]
    [InlineData("X-Canary: never\r\nCookie: c=always\r\n", "main")]
    [InlineData("X-Canary: other\r\nCookie: c=always\r\n", "next")]
    [InlineData("X-Canary: other\r\nCookie: c=never\r\n", "main")]
    [InlineData("Cookie: c=other\r\n", "next")]
    [InlineData("", "next")]
    public async Task Header_then_cookie_then_weight(string fields, string backend) => Assert.Equal(
        backend,
        await proxy.AskAsync(await proxy.ServeAsync(("canary-by-header", "X-Canary"), ("canary-by-cookie", "c"), ("canary-weight", "100")), fields));

    [Theory]
    [InlineData("0", null, "main")]
    [InlineData("-1", null, "main")]
    [InlineData("half", null, "main")]
    [InlineData("100", null, "next")]
    [InlineData("250", null, "next")]
    [InlineData("100", "50", "next")]
    [InlineData("1000", "1000", "next")]
    [InlineData("1001", "1000", "next")]
    [InlineData("0", "1000", "main")]
    public async Task A_weight_of_0_gets_nothing_and_one_of_the_total_all(string weight, string? total, string backend)
    {
        var host = total is null ? await proxy.ServeAsync(("canary-weight", weight)) : await proxy.ServeAsync(("canary-weight", weight), ("canary-weight-total", total));
        for (var i = 0; i < 20; i++)
            Assert.Equal(backend, await proxy.AskAsync(host));
    }

    [Fact]
    public async Task A_header_without_a_value_in_the_annotation_is_no_rule()
    {
        var host = await proxy.ServeAsync(("canary-by-header", ""), ("canary-by-header-value", "x"), ("canary-by-cookie", "c"));
        Assert.Equal("main", await proxy.AskAsync(host, "x: x\r\n"));
        Assert.Equal("next", await proxy.AskAsync(host, "Cookie: c=always\r\n"));
    }
}
