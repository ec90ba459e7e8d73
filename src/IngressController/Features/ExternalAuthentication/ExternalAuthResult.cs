using System.Net.Http.Headers;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Routing.Features.Authentication;

namespace IngressController.Features.ExternalAuthentication;

/// <summary>The parts of the authentication service's response that are used.</summary>
internal sealed record ExternalAuthResult
{
    public required int Status { get; init; }

    /// <summary>The headers for the backend, without missing and empty ones.</summary>
    public (string Name, string Value)[] Headers { get; init; } = [];

    public string[] Challenges { get; init; } = [];

    public string[] Cookies { get; init; } = [];

    public bool IsGranted => Status is >= 200 and < 300;

    /// <summary>Number of characters in headers and challenges.</summary>
    public int Length => Headers.Sum(header => header.Name.Length + header.Value.Length) + Challenges.Sum(value => value.Length);

    /// <summary>
    /// Reads the head of a response. Returns null if a used value contains control characters, which cannot be forwarded.
    /// </summary>
    public static ExternalAuthResult? Read(HttpResponseMessage response, ExternalAuthPolicy policy)
    {
        var fields = response.Headers.NonValidated;
        var headers = new List<(string, string)>();
        foreach (var name in policy.ResponseHeaders)
        {
            // As in the variables of nginx, several lines are one list (RFC 9110, 5.3).
            if (Values(fields, name) is { Length: > 0 } values && string.Join(", ", values) is { Length: > 0 } value)
                headers.Add((name, value));
        }

        var result = new ExternalAuthResult
        {
            Status = (int)response.StatusCode,
            Headers = [.. headers],
            Challenges = Values(fields, "WWW-Authenticate"),
            Cookies = Values(fields, "Set-Cookie"),
        };
        var all = result.Headers.Select(header => header.Value).Concat(result.Challenges).Concat(result.Cookies);
        return all.Any(value => value.Any(c => char.IsControl(c) && c != '\t')) ? null : result;
    }

    private static string[] Values(HttpHeadersNonValidated fields, string name) =>
        fields.TryGetValues(name, out var values) ? [.. values.Where(value => value.Length > 0)] : [];
}

/// <summary>Sets the headers of the service's response for the backend, and removes headers of these names that the client sent.</summary>
internal sealed class AuthHeadersChange(HeaderNameSet names) : RequestChange
{
    // On exempt paths too: there the client's headers are removed and none are set.
    public static RequestChange? Create(PlanContext context) =>
        context.Policy<ExternalAuthPolicy>() is { ResponseHeaders: { Count: > 0 } names } ? new AuthHeadersChange(new HeaderNameSet(names)) : null;

    public override void Apply(ProxyRequest request, BackendHeaders headers)
    {
        headers.RemoveAll(names);
        if (request.Context.Features.Get<ExternalAuthResult>() is not { IsGranted: true } result)
            return;
        foreach (var (name, value) in result.Headers)
            headers.Add(name, value);
    }
}

/// <summary>Adds the cookies of the service's response to the response for the client.</summary>
internal sealed class AuthCookiesChange(bool always) : ResponseChange
{
    public static ResponseChange? Create(PlanContext context) =>
        context.Policy<ExternalAuthPolicy>() is { } policy ? new AuthCookiesChange(policy.AlwaysSetCookie) : null;

    public override void Apply(ProxyRequest request, bool isLocal)
    {
        var context = request.Context;
        if (context.Features.Get<ExternalAuthResult>() is not { Cookies: { Length: > 0 } cookies })
            return;
        // The statuses for which nginx adds headers.
        if (always || context.Response.StatusCode is 200 or 201 or 204 or 206 or 301 or 302 or 303 or 304 or 307 or 308)
            context.Response.Headers.Append("Set-Cookie", cookies);
    }
}
