namespace IngressController.Routing.Annotations;

/// <summary>Finds the known name that a misspelt one probably means.</summary>
public static class NearestName
{
    /// <summary>The name with the fewest letters to change; null when none is near enough.</summary>
    public static string? Find(string name, IEnumerable<string> known) => Find(name, known, Math.Max(2, name.Length / 3));

    /// <summary>The name with the fewest letters to change; null when more than <paramref name="maxDistance"/> differ.</summary>
    public static string? Find(string name, IEnumerable<string> known, int maxDistance)
    {
        // Names of tenants may be long, and the cost is the product of both lengths.
        if (name.Length > 80)
            return null;
        var best = known.Select(candidate => (Name: candidate, Distance: Distance(name, candidate)))
            .OrderBy(candidate => candidate.Distance).ThenBy(candidate => candidate.Name, StringComparer.Ordinal).FirstOrDefault();
        return best.Name is not null && best.Distance <= maxDistance ? best.Name : null;
    }

    /// <summary>The number of letters to add, remove or replace (Levenshtein).</summary>
    public static int Distance(string left, string right)
    {
        var row = new int[right.Length + 1];
        for (var j = 0; j <= right.Length; j++)
            row[j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
