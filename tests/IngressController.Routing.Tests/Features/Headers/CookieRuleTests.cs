using System.Diagnostics;
using System.Text.RegularExpressions;
using IngressController.Routing.Features.Headers;

namespace IngressController.Routing.Tests.Features.Headers;

public sealed class CookieRuleTests
{
    [Theory]
    [InlineData(@"~((a{50}){50}){50} /")]
    [InlineData(@"~(a|b|c|d|e){999}(x{999}){999} /")]
    [InlineData(@"~^(a+)+$ /")]
    public void Any_pattern_is_cheap_to_read(string rule)
    {
        var started = Stopwatch.GetTimestamp();
        if (CookieRule.PathForm.Read(rule).Value is { } read)
        {
            // On a busy machine the pattern's own limit may end it, which is as good.
            var error = Record.Exception(() => Assert.False(CookieRule.Compile(read.From, ignoresCase: false).IsMatch(new string('a', 60_000) + "!") && rule.Contains('+')));
            Assert.True(error is null or RegexMatchTimeoutException, error?.ToString());
        }

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10));
    }
}
