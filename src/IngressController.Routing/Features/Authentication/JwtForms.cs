using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.Authentication;

/// <summary>The forms of jwt-issuer and its companions.</summary>
internal static class JwtForms
{
    /// <summary>The text of <c>iss</c>, mostly a URL.</summary>
    public static ValueForm<string> Issuer { get; } = new("the iss of the tokens, mostly a URL", text =>
        text.Length <= 2048 ? text : ValueForm<string>.Refuse("has more than 2048 characters"));

    /// <summary>Empty for <c>*</c>: any audience.</summary>
    public static ValueForm<EquatableArray<string>> Audiences { get; } = ValueForms.List.Select<EquatableArray<string>>(
        names => names is ["*"] ? new EquatableArray<string>([])
            : names.Contains("*") ? ValueForm<EquatableArray<string>>.Refuse("has * beside other audiences; * alone allows any")
            : names.Count > 0 ? names : ValueForm<EquatableArray<string>>.Refuse("has no audience"),
        "a comma-separated list of audiences, or * for any");

    public static ValueForm<Uri> Address { get; } = new("an http or https URL", text =>
    {
        var parsed = AuthUrlParser.Read(text);
        return parsed.Problem is { } problem ? ValueForm<Uri>.Refuse(problem)
            : !parsed.Value.Text.IsLiteral ? ValueForm<Uri>.Refuse("contains a variable; write the URL in full")
            : Uri.TryCreate(text, UriKind.Absolute, out var address) ? address : ValueForm<Uri>.Refuse("is not an http or https URL");
    });

    public static ValueForm<string> Header { get; } = new("the name of a request header", text =>
        AuthForms.RequestHeaderProblem(text) is { } problem ? ValueForm<string>.Refuse(problem) : text);

    public static ValueForm<EquatableArray<JwtClaimHeader>> ClaimHeaders { get; } = Entries<JwtClaimHeader>(
        "claims and the headers that they become, such as sub=X-User, email=X-Email", entry =>
        {
            if (!TrySplit(entry, out var claim, out var header))
                return ValueForm<JwtClaimHeader>.Refuse($"contains \"{entry}\", which is not CLAIM=HEADER");
            return AuthForms.BackendHeaderProblem(header) is { } problem
                ? ValueForm<JwtClaimHeader>.Refuse($"contains {header}, which {problem}")
                : new JwtClaimHeader(claim, header);
        });

    public static ValueForm<EquatableArray<JwtClaimRequirement>> Requirements { get; } = Entries<JwtClaimRequirement>(
        "claims that a token must have, with the values of which one is needed, such as groups=admin|ops, email", entry =>
        {
            if (!entry.Contains('='))
                return new JwtClaimRequirement(entry, []);
            if (!TrySplit(entry, out var claim, out var values))
                return ValueForm<JwtClaimRequirement>.Refuse($"contains \"{entry}\", which is neither CLAIM nor CLAIM=VALUE");
            EquatableArray<string> words = [.. values.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
            return words.Count > 0 ? new JwtClaimRequirement(claim, words) : ValueForm<JwtClaimRequirement>.Refuse($"contains \"{entry}\", which has no value");
        });

    private static ValueForm<EquatableArray<T>> Entries<T>(string description, Func<string, Parsed<T>> read) => ValueForms.List.Select<EquatableArray<T>>(
        entries =>
        {
            var items = new List<T>();
            foreach (var entry in entries)
            {
                var parsed = read(entry);
                if (parsed.Problem is { } problem)
                    return ValueForm<EquatableArray<T>>.Refuse(problem);
                items.Add(parsed.Value);
            }

            return items.Count > 0 ? new EquatableArray<T>([.. items]) : ValueForm<EquatableArray<T>>.Refuse("is empty");
        },
        description);

    /// <summary>Splits at the last equals sign: names of claims can be URLs.</summary>
    private static bool TrySplit(string entry, out string name, out string value)
    {
        var sign = entry.LastIndexOf('=');
        (name, value) = sign < 0 ? ("", "") : (entry[..sign].Trim(), entry[(sign + 1)..].Trim());
        return name.Length > 0 && value.Length > 0;
    }
}
