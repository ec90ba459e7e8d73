using System.Net.Http.Headers;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>What the authentication service said about a request, as far as anything of it is used.</summary>
internal sealed record ExternalAuthAnswer
{
    public required int Status { get; init; }

    /// <summary>What the backend is told; headers that the answer does not have, or has empty, are missing.</summary>
    public (string Name, string Value)[] Headers { get; init; } = [];

    public string[] Challenges { get; init; } = [];

    public string[] Cookies { get; init; } = [];

    public bool IsGranted => Status is >= 200 and < 300;

    /// <summary>How many characters it holds.</summary>
    public int Length => Headers.Sum(header => header.Name.Length + header.Value.Length) + Challenges.Sum(value => value.Length);

    /// <summary>Reads the head of a response; null when a value that is used holds control characters, which nobody could pass on.</summary>
    public static ExternalAuthAnswer? Read(HttpResponseMessage response, ExternalAuthPolicy policy)
    {
        var fields = response.Headers.NonValidated;
        var headers = new List<(string, string)>();
        foreach (var name in policy.ResponseHeaders)
        {
            // Several lines are one list (RFC 9110, 5.3), as nginx's variables have it.
            if (Values(fields, name) is { Length: > 0 } values && string.Join(", ", values) is { Length: > 0 } value)
                headers.Add((name, value));
        }

        var answer = new ExternalAuthAnswer
        {
            Status = (int)response.StatusCode,
            Headers = [.. headers],
            Challenges = Values(fields, "WWW-Authenticate"),
            Cookies = Values(fields, "Set-Cookie"),
        };
        var all = answer.Headers.Select(header => header.Value).Concat(answer.Challenges).Concat(answer.Cookies);
        return all.Any(value => value.Any(c => char.IsControl(c) && c != '\t')) ? null : answer;
    }

    private static string[] Values(HttpHeadersNonValidated fields, string name) =>
        fields.TryGetValues(name, out var values) ? [.. values.Where(value => value.Length > 0)] : [];
}

/// <summary>Gives the backend what the service says of the client, and nothing that the client says of himself under those names.</summary>
internal sealed class AuthHeadersChange(HeaderNameSet names) : RequestChange
{
    // Exempt paths too: nobody vouches for such a header there.
    public static RequestChange? Create(PlanContext context) =>
        context.Policy<ExternalAuthPolicy>() is { ResponseHeaders: { Count: > 0 } names } ? new AuthHeadersChange(new HeaderNameSet(names)) : null;

    public override void Apply(ProxyRequest request, HttpRequestMessage message)
    {
        List<string>? spoofed = null;
        foreach (var (name, _) in message.Headers.NonValidated)
        {
            if (names.Contains(name))
                (spoofed ??= []).Add(name);
        }

        foreach (var name in spoofed ?? [])
            message.Headers.Remove(name);
        if (request.Context.Features.Get<ExternalAuthAnswer>() is not { IsGranted: true } answer)
            return;
        foreach (var (name, value) in answer.Headers)
            message.Headers.TryAddWithoutValidation(name, value);
    }
}

/// <summary>Gives the client the cookies of the service's answer.</summary>
internal sealed class AuthCookiesChange(bool always) : ResponseChange
{
    public static ResponseChange? Create(PlanContext context) =>
        context.Policy<ExternalAuthPolicy>() is { } policy ? new AuthCookiesChange(policy.AlwaysSetCookie) : null;

    public override void Apply(ProxyRequest request, bool isLocal)
    {
        var context = request.Context;
        if (context.Features.Get<ExternalAuthAnswer>() is not { Cookies: { Length: > 0 } cookies })
            return;
        // The statuses to which nginx adds headers.
        if (always || context.Response.StatusCode is 200 or 201 or 204 or 206 or 301 or 302 or 303 or 304 or 307 or 308)
            context.Response.Headers.Append("Set-Cookie", cookies);
    }
}
