using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.Retries;

/// <summary>The forms of values of retries.</summary>
internal static class RetryForms
{
    private const string Off = "off";

    private static readonly Dictionary<string, RetryConditions> Words = new(StringComparer.Ordinal)
    {
        ["error"] = RetryConditions.Error,
        ["timeout"] = RetryConditions.Timeout,
        ["invalid_header"] = RetryConditions.InvalidHeader,
        ["http_500"] = RetryConditions.Http500,
        ["http_502"] = RetryConditions.Http502,
        ["http_503"] = RetryConditions.Http503,
        ["http_504"] = RetryConditions.Http504,
        ["http_403"] = RetryConditions.Http403,
        ["http_404"] = RetryConditions.Http404,
        ["http_429"] = RetryConditions.Http429,
        ["non_idempotent"] = RetryConditions.NonIdempotent,
    };

    /// <summary>As in nginx: words separated by blanks, of which off overrides the others.</summary>
    public static ValueForm<RetryConditions> Conditions { get; } = new($"{string.Join(", ", Words.Keys)}, separated by blanks; or {Off}", text =>
    {
        var words = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        foreach (var word in words)
        {
            if (word != Off && !Words.ContainsKey(word))
            {
                return ValueForm<RetryConditions>.Refuse(word.Contains(',', StringComparison.Ordinal)
                    ? "has commas; separate the words by blanks"
                    : $"contains \"{word}\", which is not one of {string.Join(", ", Words.Keys)}, {Off}");
            }
        }

        return words.Contains(Off) ? RetryConditions.None : words.Aggregate(RetryConditions.None, (all, word) => all | Words[word]);
    });

    public static ValueForm<int> BufferSize { get; } = ValueForms.Size.Select<int>(
        size => size <= RetryPolicy.MaxBufferSize ? (int)size : ValueForm<int>.Refuse("is more than 1m"), $"{ValueForms.Size.Description}, at most 1m");

    public static ValueForm<bool> RetryAfter { get; } = ValueForms.OneOf(("respect", true), ("ignore", false));
}
