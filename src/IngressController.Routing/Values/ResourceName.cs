namespace IngressController.Routing.Values;

/// <summary>The name of a namespaced object, ordered by namespace, then name.</summary>
public readonly record struct ResourceName(string Namespace, string Name) : IComparable<ResourceName>
{
    public int CompareTo(ResourceName other)
    {
        var byNamespace = string.CompareOrdinal(Namespace, other.Namespace);
        return byNamespace != 0 ? byNamespace : string.CompareOrdinal(Name, other.Name);
    }

    public override string ToString() => $"{Namespace}/{Name}";

    /// <summary>Reads <c>NAMESPACE/NAME</c>.</summary>
    public static bool TryParse(string? text, out ResourceName name)
    {
        name = default;
        var slash = text?.IndexOf('/') ?? -1;
        if (slash <= 0 || slash == text!.Length - 1 || text.IndexOf('/', slash + 1) >= 0)
            return false;
        name = new(text[..slash], text[(slash + 1)..]);
        return true;
    }
}
