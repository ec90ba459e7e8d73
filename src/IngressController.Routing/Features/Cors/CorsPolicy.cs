using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Cors;

/// <summary>Which other sites may read the responses of a route in a browser (the CORS protocol of the Fetch standard).</summary>
/// <param name="Origins">Those that may; null for any. None may when it is empty.</param>
/// <param name="Methods">Access-Control-Allow-Methods.</param>
/// <param name="Headers">Access-Control-Allow-Headers.</param>
/// <param name="ExposedHeaders">Access-Control-Expose-Headers; null sends none.</param>
/// <param name="AllowsCredentials">Whether Access-Control-Allow-Credentials is sent.</param>
/// <param name="MaxAge">Access-Control-Max-Age, in seconds.</param>
public sealed record CorsPolicy(
    EquatableArray<CorsOrigin>? Origins, string Methods, string Headers, string? ExposedHeaders, bool AllowsCredentials, int MaxAge) : RoutePolicy
{
    public bool AllowsAnyOrigin => Origins is null;

    /// <summary>Whether responses to requests of this origin may be read.</summary>
    public bool Allows(ReadOnlySpan<char> origin)
    {
        if (Origins is not { } origins)
            return true;
        foreach (var allowed in origins.AsSpan())
        {
            if (allowed.Matches(origin))
                return true;
        }

        return false;
    }
}
