namespace IngressController.Routing.Annotations;

/// <summary>
/// Finds annotations whose prefix is nearly right: <c>ingress.kubernetes.io/rewrite-target</c>, <c>nginx.ingress.kuberenetes.io/...</c>. The
/// prefixes of other controllers and tools are never taken for a misspelt one.
/// </summary>
internal static class NearPrefix
{
    /// <summary>The annotation that preceded <c>spec.ingressClassName</c>.</summary>
    public const string ClassAnnotation = "kubernetes.io/ingress.class";

    /// <summary>The prefix of ingress-nginx before 0.9, under which cloud controllers also write their own annotations.</summary>
    private const string OldPrefix = "ingress.kubernetes.io";

    private static readonly string[] Usual = ["nginx.ingress.kubernetes.io", "yarp.ingress.kubernetes.io"];

    private const string ClassPrefix = "kubernetes.io";

    /// <summary>First labels of controllers with a prefix of the same form, <c>traefik.ingress.kubernetes.io</c>.</summary>
    private static readonly string[] Controllers =
        ["alb", "apisix", "appgw", "bfe", "caddy", "contour", "envoy", "haproxy", "higress", "istio", "kong", "mse", "skipper", "tengine", "traefik", "voyager"];

    /// <summary>The name that an annotation probably means; null when it is read, or belongs to something else.</summary>
    /// <param name="full">The annotation with its prefix.</param>
    /// <param name="prefixes">The prefixes that are read.</param>
    /// <param name="catalog">The known annotations.</param>
    public static string? Find(string full, EquatableArray<string> prefixes, AnnotationCatalog catalog)
    {
        if (full.Length > 150)
            return null;
        var slash = full.IndexOf('/', StringComparison.Ordinal);
        var (prefix, name) = slash < 0 ? ("", full) : (full[..slash].ToLowerInvariant(), full[(slash + 1)..]);
        if (prefixes.Contains(prefix) && full.StartsWith(prefix, StringComparison.Ordinal))
            return null;
        if (IsClassAnnotation(full))
            return ClassAnnotation;
        return slash < 0 ? WithoutPrefix(full, prefixes, catalog) : WithPrefix(prefix, name, prefixes, catalog);
    }

    /// <summary>True for a misspelt <see cref="ClassAnnotation"/>.</summary>
    public static bool IsClassAnnotation(string full)
    {
        if (full == ClassAnnotation || full.Length > 60)
            return false;
        var slash = full.IndexOf('/', StringComparison.Ordinal);
        var (prefix, name) = slash < 0 ? ("", full) : (full[..slash].ToLowerInvariant(), full[(slash + 1)..]);
        return (IsClassName(name) && (prefix.Length == 0 || IsNear(prefix, ClassPrefix, 2) || IsNear(prefix, OldPrefix, 2)))
            || IsNear(full.ToLowerInvariant(), ClassAnnotation, 2);
    }

    /// <summary>True for <c>ingress.class</c>, <c>ingress-class</c>, <c>ingressClassName</c> and misspellings of them.</summary>
    public static bool IsClassName(string name)
    {
        if (name.Length is < 10 or > 20)
            return false;
        var letters = string.Concat(name.Where(char.IsAsciiLetter)).ToLowerInvariant();
        return NearestName.Distance(letters, "ingressclass") <= 1 || NearestName.Distance(letters, "ingressclassname") <= 1;
    }

    private static string? WithPrefix(string prefix, string name, EquatableArray<string> prefixes, AnnotationCatalog catalog)
    {
        // The operator reads other prefixes on purpose.
        if (Usual.Contains(prefix))
            return null;
        var isKnown = catalog.Find(name) is not null;
        if (prefix == OldPrefix)
            return isKnown ? Preferred(name, prefixes) : null;
        foreach (var read in prefixes)
        {
            if (IsNear(prefix, read, 3) && !IsOtherController(prefix, read))
                return $"{read}/{(isKnown ? name : catalog.Nearest(name) ?? name)}";
        }

        // The words of the prefix in another order, or one of them missing; nginx.org and nginx.com are another controller.
        return isKnown && HasWords(prefix) ? Preferred(name, prefixes) : null;
    }

    private static string? WithoutPrefix(string full, EquatableArray<string> prefixes, AnnotationCatalog catalog)
    {
        foreach (var read in prefixes)
        {
            if (full.Length > read.Length + 1 && full.StartsWith(read, StringComparison.Ordinal) && catalog.Find(full[(read.Length + 1)..]) is not null)
                return $"{read}/{full[(read.Length + 1)..]}";
        }

        // Short words such as timeout are annotations of many tools.
        return full.Contains('-', StringComparison.Ordinal) && catalog.Find(full) is not null ? Preferred(full, prefixes) : null;
    }

    /// <summary>The suggestion for a prefix that is near to none: a usual one that is read, that of ingress-nginx first.</summary>
    private static string? Preferred(string name, EquatableArray<string> prefixes) =>
        Usual.FirstOrDefault(prefixes.Contains) is { } prefix ? $"{prefix}/{name}" : null;

    /// <summary>True if only the first label differs, and is that of another controller or far from the right one.</summary>
    private static bool IsOtherController(string prefix, string read)
    {
        var (first, rest) = Split(prefix);
        var (expected, expectedRest) = Split(read);
        return Controllers.Contains(first) || (rest == expectedRest && NearestName.Distance(first, expected) > 2);
    }

    private static (string Label, string Parent) Split(string prefix)
    {
        var dot = prefix.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? (prefix, "") : (prefix[..dot], prefix[dot..]);
    }

    private static bool HasWords(string prefix)
    {
        var words = prefix.Split('.', '-', '_');
        return !Controllers.Contains(words[0]) && words.Any(word => IsNear(word, "nginx", 1)) && words.Any(word => IsNear(word, "ingress", 1) || IsNear(word, "kubernetes", 2) || word == "k8s");
    }

    private static bool IsNear(string text, string known, int distance) =>
        Math.Abs(text.Length - known.Length) <= distance && NearestName.Distance(text, known) <= distance;
}
