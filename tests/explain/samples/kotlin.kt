class Cart(val items: List<Item>) {
    fun total(): Int {
        return items.sumOf { it.price }
    }
}

fun main() {
    println(Cart(listOf()).total())
}
